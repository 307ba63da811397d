// HTTP/2 over one TLS connection, for both ends, by nghttp2.
#pragma once

#include "secure.hpp"

#include <nghttp2/nghttp2.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

namespace bench {

class H2 {
 public:
  struct Stream {
    Request request;
    Answer answer;
    std::uint64_t received = 0;  // bytes of the body
    std::size_t at = 0;          // how far the answer's text has been sent
    std::uint64_t to_send = 0;   // bytes of filler
    void* tag = nullptr;         // the client's own
  };

  enum class Role { client, server };
  using Complete =
      std::function<void(std::int32_t, Stream&)>;  // the server's: a request is in; the client's: an answer

  H2(Secure secure, Role role);

  [[nodiscard]] Secure& secure() { return secure_; }
  void request(Request request, void* tag);
  void respond(std::int32_t id, Stream& stream);  // with its `answer`

  /// Goes on, both ways, until the socket would block.
  void pump(const Complete& complete);

 private:
  struct Callbacks;
  friend struct Callbacks;

  bool drain();

  Secure secure_;
  Role role_;
  std::unique_ptr<nghttp2_session, decltype(&nghttp2_session_del)> session_{nullptr, &nghttp2_session_del};
  std::unordered_map<std::int32_t, Stream> streams_;
  const Complete* complete_ = nullptr;  // of the `pump` that is running
  std::string failure_;
  std::string out_;
  bool offered_ = false;  // `out_` has been offered to TLS, and has to stay as it is
};

}  // namespace bench
