// A client that sends arbitrary bytes and records the response: directly to the proxy, or over TLS inside a CONNECT.
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

  // The host for requests and TLS when there is no CONNECT.
  void address(std::string authority) { authority_ = std::move(authority); }
  // Sends CONNECT and returns the response.
  message connect(const std::string& authority);
  // TLS to CONNECT's host, trusting only the proxy's CA.
  bool secure();
  bool secure(const client_hello& hello);
  const std::string& failure() const { return wire_->failure(); }
  std::string alpn() const { return wire_->alpn(); }
  // Both; throws if either fails.
  static raw_client inside(std::uint16_t proxy_port, const std::string& authority);

  bool send(std::string_view bytes) { return wire_->write(bytes); }
  // The next response, including its body. Interim responses are counted and skipped.
  message receive(std::string_view method = "GET");
  message receive_head(std::string_view method = "GET");
  bool receive_body(message& into) { return reader_->read_body(into); }
  std::size_t interims() const { return interims_; }

  // Sends a request with CONNECT's target as Host, and with Content-Length if there is a body.
  bool request(std::string_view method, std::string_view target, const header_list& more = {},
               std::string_view body = "");
  message ask(std::string_view method, std::string_view target, const header_list& more = {},
              std::string_view body = "");

  // Reads until the connection ends.
  std::string read_to_end();
  bool ends() { return read_to_end().empty(); }
  bool readable(std::chrono::milliseconds within) const { return wire_->readable(within); }
  wire& on() { return *wire_; }

 private:
  std::unique_ptr<wire> wire_;  // has a stable address, since the reader refers to it
  std::string authority_;
  std::unique_ptr<message_reader> reader_;
  std::size_t interims_ = 0;
};

}  // namespace regpass::testing
