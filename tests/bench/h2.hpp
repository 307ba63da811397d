// HTTP/2 over one TLS connection, for both ends, with nghttp2.
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
    std::size_t at = 0;          // how much of the response's text has been sent
    std::uint64_t to_send = 0;   // bytes of filler
    void* tag = nullptr;         // for the client's use
  };

  enum class Role { client, server };
  using Complete = std::function<void(std::int32_t, Stream&)>;  // server: a request is complete; client: a response is

  H2(Secure secure, Role role);

  [[nodiscard]] Secure& secure() { return secure_; }
  void request(Request request, void* tag);
  void respond(std::int32_t id, Stream& stream);  // sends its `answer`

  /// Sends and receives until the socket would block.
  void pump(const Complete& complete);

 private:
  struct Callbacks;
  friend struct Callbacks;

  bool drain();

  Secure secure_;
  Role role_;
  std::unique_ptr<nghttp2_session, decltype(&nghttp2_session_del)> session_{nullptr, &nghttp2_session_del};
  std::unordered_map<std::int32_t, Stream> streams_;
  const Complete* complete_ = nullptr;  // of the running `pump`
  std::string failure_;
  std::string out_;
  bool offered_ = false;  // `out_` has been passed to TLS and must not change
};

}  // namespace bench
