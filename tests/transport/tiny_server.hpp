// A server on a port of 127.0.0.1 that answers every request with "ok", and counts its connections.
#pragma once

#include "regpass/async/task_group.hpp"
#include "regpass/net/tls_stream.hpp"
#include "rigs.hpp"
#include "support/loopback.hpp"
#include "support/tls_ground.hpp"
#include "transport/pool.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace regpass::testing {

class tiny_server {
 public:
  enum class kind { http, https, silent, hangs_up };

  tiny_server(const async::executor& on, kind what) : on_(on), what_(what), door_(on), tasks_(on) {
    tasks_.spawn(accept(), "accept");
  }

  // Must be awaited before this goes.
  async::task<void> stop() {
    door_.close();
    drop_all();
    co_await tasks_.join();
  }
  void drop_all() {
    for (auto& one : open_) one->close();
  }
  void say_to_all(std::string_view bytes) {
    for (auto& one : open_) tasks_.spawn(say(*one, std::string(bytes)), "say");
  }

  std::size_t accepted() const { return accepted_; }
  std::size_t open_connections() const { return serving_; }
  int answers_per_connection = 1'000;
  std::string connection_field;  // of the answers

  // How a client that believes in the common CA gets here.
  transport::route route(std::string scheme) const {
    transport::route made;
    made.origin = {std::move(scheme), "127.0.0.1", door_.port()};
    made.trust = common_tls().trust;
    made.context = std::make_shared<tls::context>(common_tls().believer);
    made.allowed = [](const boost::asio::ip::address&) { return result<void>(); };
    return made;
  }

 private:
  async::task<void> accept() {
    try {
      for (;;) {
        auto socket = co_await door_.accept();
        ++accepted_;
        open_.push_back(wrap(std::move(socket)));
        tasks_.spawn(serve(*open_.back()), "serve");
      }
    } catch (const std::runtime_error&) {
      // The door was closed.
    }
  }

  std::unique_ptr<net::stream> wrap(net::tcp_socket socket) const {
    auto plain = net::make_tcp_stream(std::move(socket), party::client);
    if (what_ != kind::https) return plain;
    tls::engine_options options{.role = tls::role::server, .peer = party::client};
    return std::make_unique<net::tls_stream>(std::move(plain), common_tls().server, std::move(options));
  }

  async::task<void> serve(net::stream& wire) {
    ++serving_;
    if (what_ == kind::https) co_await dynamic_cast<net::tls_stream&>(wire).handshake();
    if (what_ == kind::silent) co_await wait_for_end(wire);
    if (what_ == kind::http || what_ == kind::https) co_await converse(wire);
    wire.close();
    --serving_;
  }
  static async::task<void> wait_for_end(net::stream& wire) {
    std::string sink(1024, '\0');
    for (;;) {
      auto got = co_await wire.read_some(sink);
      if (!got || *got == 0) co_return;
    }
  }
  async::task<void> converse(net::stream& wire) {
    const transport::limits bounds;
    async::deadline timer(on_, [] {});
    transport::h1_server server(wire, bounds, timer);
    for (int i = 0; i < answers_per_connection; ++i) {
      auto got = co_await server.next();
      if (!got) co_return;
      co_await server.drain();
      if (connection_field == "close") {  // the server has no other way to say so
        co_await net::write_one(wire, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok");
        co_return;
      }
      co_await answer(server, response(200), "ok");
    }
  }
  static async::task<void> say(net::stream& wire, std::string bytes) { co_await net::write_one(wire, bytes); }

  async::executor on_;
  kind what_;
  loopback door_;
  async::task_group tasks_;
  std::vector<std::unique_ptr<net::stream>> open_;
  std::size_t accepted_ = 0;
  std::size_t serving_ = 0;
};

// One GET on this connection; its body.
inline async::task<result<std::string>> ask(transport::connection& connection) {
  auto head_out = request("GET");
  auto sent = co_await connection.http().send(std::move(head_out), no_body());
  if (!sent) co_return std::unexpected(sent.error());
  auto head = co_await connection.http().head();
  if (!head) co_return std::unexpected(head.error());
  auto body = co_await read_all(connection.http());
  co_return body;
}

}  // namespace regpass::testing
