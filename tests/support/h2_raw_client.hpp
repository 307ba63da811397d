// An HTTP/2 client, inside a CONNECT or with prior knowledge: any number of streams, each awaited separately.
#pragma once

#include "raw_client.hpp"
#include "regpass/http/h2_codec.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace regpass::testing {

struct h2_answer : message {
  header_list trailers;
  std::optional<std::uint32_t> reset;  // the error code if the stream did not end cleanly
  std::size_t interims = 0;
};

class h2_raw_client {
 public:
  // CONNECT and TLS; throws if either fails or HTTP/2 is not selected.
  h2_raw_client(std::uint16_t proxy_port, std::string authority);

  // Uses an existing connection with prior knowledge.
  h2_raw_client(raw_client below, std::string authority) : below_(std::move(below)), authority_(std::move(authority)) {}

  // `body`: none, or one with a Content-Length unless `counted` is false.
  std::int32_t send(std::string_view method, std::string_view target, const header_list& more = {},
                    std::optional<std::string> body = std::nullopt, bool counted = true,
                    const header_list& trailers = {});
  // Sends only the head of a request with a body of that length.
  std::int32_t begin(std::string_view method, std::string_view target, std::uint64_t length,
                     const header_list& more = {});
  void add(std::int32_t stream, std::string piece);
  void end(std::int32_t stream, std::string piece);  // the last piece
  void reset(std::int32_t stream, http::h2_code code = http::h2_code::cancel);

  // Waits until the stream has ended, or until its head has arrived.
  h2_answer receive(std::int32_t stream);
  h2_answer receive_head(std::int32_t stream);
  // Waits until this many bytes of the body have arrived and returns them.
  std::string receive_bytes(std::int32_t stream, std::size_t count);
  bool receive_interim(std::int32_t stream);  // false if something else arrived
  h2_answer ask(std::string_view method, std::string_view target, const header_list& more = {}) {
    return receive(send(method, target, more));
  }
  // Sends bytes without the codec; `receive` reads the response.
  bool say(std::string_view bytes) { return below_.send(bytes); }
  // The code of the GOAWAY that ends the connection.
  std::uint32_t goodbye();
  wire& on() { return below_.on(); }

 private:
  http::request_head head_of(std::string_view method, std::string_view target, const header_list& more) const;
  bool turn();  // false if the connection has ended
  void flush();
  raw_client below_;
  std::string authority_;
  http::h2_codec codec_{http::h2_role::client};
  std::map<std::int32_t, h2_answer> answers_;
  std::map<std::int32_t, bool> over_;
  std::map<std::int32_t, std::string> lent_;
  std::map<std::int32_t, std::string> bodies_;
  std::optional<std::uint32_t> goodbye_;
};

}  // namespace regpass::testing
