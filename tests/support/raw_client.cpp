#include "raw_client.hpp"

#include "common_ground.hpp"

#include <stdexcept>

namespace regpass::testing {
namespace {

std::string host_of(const std::string& authority) {
  return authority.substr(0, authority.rfind(':'));
}

}  // namespace

raw_client::raw_client(std::uint16_t proxy_port)
    : wire_(std::make_unique<wire>(wire::dial("127.0.0.1", proxy_port))),
      reader_(std::make_unique<message_reader>(*wire_, message_reader::kind::response)) {}

message raw_client::connect(const std::string& authority) {
  authority_ = authority;
  send("CONNECT " + authority + " HTTP/1.1\r\nHost: " + authority + "\r\nUser-Agent: Go-http-client/1.1\r\n\r\n");
  return receive("CONNECT");
}

bool raw_client::secure() {
  return secure({.name = host_of(authority_)});
}

bool raw_client::secure(const client_hello& hello) {
  return wire_->secure_as_client(common_ground().client, hello);
}

raw_client raw_client::inside(std::uint16_t proxy_port, const std::string& authority) {
  raw_client made(proxy_port);
  const auto answer = made.connect(authority);
  if (answer.status != 200) throw std::runtime_error("CONNECT: " + answer.head);
  if (!made.secure()) throw std::runtime_error("TLS: " + made.failure());
  return made;
}

message raw_client::receive(std::string_view method) {
  auto got = receive_head(method);
  // The response to a refused CONNECT has a body that ends with the connection.
  if (got.status != 0 && method != "CONNECT") reader_->read_body(got);
  return got;
}

message raw_client::receive_head(std::string_view method) {
  message got;
  while (reader_->read_head(got, method) && got.status < 200) ++interims_;
  return got;
}

bool raw_client::request(std::string_view method, std::string_view target, const header_list& more,
                         std::string_view body) {
  std::string text = std::string(method) + " " + std::string(target) + " HTTP/1.1\r\nHost: " + authority_ + "\r\n";
  for (const auto& [name, value] : more) text += name + ": " + value + "\r\n";
  if (!body.empty() || method == "POST") text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  return send(text + "\r\n" + std::string(body));
}

message raw_client::ask(std::string_view method, std::string_view target, const header_list& more,
                        std::string_view body) {
  request(method, target, more, body);
  return receive(method);
}

std::string raw_client::read_to_end() {
  auto text = reader_->take_unread();
  for (auto piece = wire_->read(); !piece.empty(); piece = wire_->read()) text += piece;
  return text;
}

}  // namespace regpass::testing
