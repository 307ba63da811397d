// Real sockets within the process: a port of 127.0.0.1 on which a test accepts explicitly, and connected pairs.
#pragma once

#include "regpass/net/tcp_stream.hpp"
#include "run_task.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/this_coro.hpp>

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

namespace regpass::testing {

class loopback {
 public:
  explicit loopback(const async::executor& on, const char* address = "127.0.0.1")
      : acceptor_(on, {boost::asio::ip::make_address(address), 0}) {}

  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
  async::task<net::tcp_socket> accept() {
    auto [ec, socket] = co_await acceptor_.async_accept(async::use_task);
    if (ec) throw std::runtime_error("accept: " + ec.message());
    co_return std::move(socket);
  }
  void close() { acceptor_.close(); }

 private:
  boost::asio::ip::tcp::acceptor acceptor_;
};

// A port on which nothing listens.
inline std::uint16_t closed_port(const async::executor& on) {
  return loopback(on).port();
}

// An address that silently drops connection attempts: its backlog is full.
class black_hole {
 public:
  black_hole(const async::executor& on, const char* address, std::uint16_t port) : full_(on) {
    full_.open(boost::asio::ip::tcp::v4());
    full_.bind({boost::asio::ip::make_address(address), port});
    full_.listen(0);
    for (int i = 0; i < 4; ++i) {
      waiting_.emplace_back(on);
      waiting_.back().async_connect(full_.local_endpoint(), [](const boost::system::error_code&) {});
    }
  }
  std::uint16_t port() const { return full_.local_endpoint().port(); }

 private:
  boost::asio::ip::tcp::acceptor full_;
  std::vector<net::tcp_socket> waiting_;
};

struct socket_pair {
  std::unique_ptr<net::stream> near;
  std::unique_ptr<net::stream> far;
  int far_socket = -1;
};

inline async::task<socket_pair> connected_pair() {
  const auto on = co_await boost::asio::this_coro::executor;
  loopback door(on);
  net::tcp_socket socket(on);
  socket.connect({boost::asio::ip::address_v4::loopback(), door.port()});
  auto accepted = co_await door.accept();
  const int far_socket = accepted.native_handle();
  co_return socket_pair{net::make_tcp_stream(std::move(socket), party::registry),
                        net::make_tcp_stream(std::move(accepted), party::client), far_socket};
}

}  // namespace regpass::testing
