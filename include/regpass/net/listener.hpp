// Accepts TCP connections until stopped. Pauses, instead of spinning, when descriptors run out.
#pragma once

#include "regpass/base/endpoint.hpp"
#include "regpass/net/tcp_stream.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

namespace regpass::net {

using regpass::parse_endpoint;

class listener {
 public:
  using handler = std::function<void(tcp_socket, std::string peer)>;

  // Binds with SO_REUSEPORT when `shared` (one listener per worker on the same address). Errors name the address.
  static result<std::unique_ptr<listener>> open(const async::executor& on, const boost::asio::ip::tcp::endpoint& at,
                                                bool shared);
  ~listener();

  // Calls `handle` for each connection. While `open_connections()` stays at `limit` or more, accepting pauses.
  void start(handler handle, std::size_t limit, std::function<std::size_t()> open_connections);
  void stop() noexcept;
  boost::asio::ip::tcp::endpoint local() const;

 private:
  struct state;
  explicit listener(std::shared_ptr<state>);
  std::shared_ptr<state> state_;
};

}  // namespace regpass::net
