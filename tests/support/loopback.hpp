// Real sockets within the process: a port of 127.0.0.1 that a test accepts from by hand, and connected pairs.
#pragma once

#include "regpass/net/tcp_stream.hpp"
#include "support/run_task.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/this_coro.hpp>

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <utility>

namespace regpass::testing {

class loopback {
 public:
  explicit loopback(const net::executor& on, const char* address = "127.0.0.1")
      : acceptor_(on, {boost::asio::ip::make_address(address), 0}) {}

  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
  net::task<net::tcp_socket> accept() {
    auto [ec, socket] = co_await acceptor_.async_accept(net::use_task);
    if (ec) throw std::runtime_error("accept: " + ec.message());
    co_return std::move(socket);
  }
  void close() { acceptor_.close(); }

 private:
  boost::asio::ip::tcp::acceptor acceptor_;
};

// A port that nobody listens on.
inline std::uint16_t closed_port(const net::executor& on) {
  return loopback(on).port();
}

struct socket_pair {
  std::unique_ptr<net::stream> near;
  std::unique_ptr<net::stream> far;
};

inline net::task<socket_pair> connected_pair() {
  const auto on = co_await boost::asio::this_coro::executor;
  loopback door(on);
  net::tcp_socket socket(on);
  socket.connect({boost::asio::ip::address_v4::loopback(), door.port()});
  auto accepted = co_await door.accept();
  co_return socket_pair{net::make_tcp_stream(std::move(socket), party::registry),
                        net::make_tcp_stream(std::move(accepted), party::client)};
}

}  // namespace regpass::testing
