// The interface of the modes: how clients reach regpass through one kind of listener, and how such a connection begins.
#pragma once

#include "forward/services/services.hpp"
#include "regpass/net/stream.hpp"
#include "regpass/net/tcp_stream.hpp"
#include "regpass/options/listeners.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace regpass::forward {

struct connection;

struct accepted_connection {
  const worker_context& context;
  net::tcp_socket socket;
  std::string peer;
  std::span<const boost::asio::ip::tcp::endpoint> own_listeners;  // every address that regpass listens on
};

// One object serves all connections of one listener, on all workers, and outlives them.
class listener_mode {
 public:
  listener_mode() = default;
  listener_mode(const listener_mode&) = delete;
  listener_mode& operator=(const listener_mode&) = delete;
  virtual ~listener_mode() = default;

  virtual options::mode_kind kind() const noexcept = 0;
  // Serves a connection from its first byte. Returns when the connection is finished, or when `expect_tls` has told the
  // session which TLS to intercept next.
  virtual async::task<void> serve(connection& client) const = 0;
  // Starts a session for an accepted connection, or drops the connection.
  virtual void accept(accepted_connection accepted) const;

  // For log lines, metrics and status.
  std::string_view name() const noexcept { return options::name_of(kind()); }
  // The whole session of a connection. `original`: in transparent mode, where the client connected to.
  async::task<void> session_for(const worker_context& context, std::unique_ptr<net::stream> stream, std::string peer,
                                const boost::asio::ip::tcp::endpoint& original = {}) const;
};

}  // namespace regpass::forward
