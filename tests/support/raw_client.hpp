// A client that sends the bytes it is told to, and keeps what comes back: straight to the proxy, or TLS inside a
// CONNECT.
#pragma once

#include "http_wire.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace regpass::testing {

using header_list = std::vector<std::pair<std::string, std::string>>;

class raw_client {
 public:
  explicit raw_client(std::uint16_t proxy_port);
  raw_client(raw_client&&) = default;

  // The host of requests and TLS, where there is no CONNECT.
  void address(std::string authority) { authority_ = std::move(authority); }
  // CONNECT; the answer to it.
  message connect(const std::string& authority);
  // TLS to the host that CONNECT named, believing in the proxy's CA only.
  bool secure();
  bool secure(const client_hello& hello);
  const std::string& failure() const { return wire_->failure(); }
  std::string alpn() const { return wire_->alpn(); }
  // Both. Throws when either fails.
  static raw_client inside(std::uint16_t proxy_port, const std::string& authority);

  bool send(std::string_view bytes) { return wire_->write(bytes); }
  // The next response, body included. Interim ones are counted and passed over.
  message receive(std::string_view method = "GET");
  message receive_head(std::string_view method = "GET");
  bool receive_body(message& into) { return reader_->read_body(into); }
  std::size_t interims() const { return interims_; }

  // One request with a Host of the CONNECT's target; Content-Length when there is a body.
  bool request(std::string_view method, std::string_view target, const header_list& more = {},
               std::string_view body = "");
  message ask(std::string_view method, std::string_view target, const header_list& more = {},
              std::string_view body = "");

  // The rest of what comes until the connection ends.
  std::string read_to_end();
  bool ends() { return read_to_end().empty(); }
  bool readable(std::chrono::milliseconds within) const { return wire_->readable(within); }
  wire& on() { return *wire_; }

 private:
  std::unique_ptr<wire> wire_;  // the reader holds on to it when the client moves
  std::string authority_;
  std::unique_ptr<message_reader> reader_;
  std::size_t interims_ = 0;
};

}  // namespace regpass::testing
