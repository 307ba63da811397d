// What carries one exchange to a registry or token server.
#pragma once

#include "regpass/async/deadline.hpp"
#include "regpass/base/time.hpp"
#include "regpass/net/stream.hpp"
#include "regpass/transport/h1_connection.hpp"
#include "transport/connection_counts.hpp"
#include "transport/h2_connection.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>

namespace regpass::transport {

// What carries one exchange: an HTTP/1.1 connection with its own deadline, moved between pool and exchange, or a stream
// on a shared HTTP/2 connection.
class connection {
 public:
  connection(std::unique_ptr<net::stream> wire, const limits& bounds, party peer);
  explicit connection(h2_client& shared);

  transport::upstream& http() noexcept;
  // The exchange is complete and left nothing behind that would disturb the next one.
  bool reusable() const noexcept;
  bool poolable() const noexcept { return h1_ != nullptr && h1_->reusable(); }
  void park() noexcept;  // on its way into the pool
  void unpark() noexcept { idle_.release(); }
  bool stale() noexcept { return wire_->stale(); }  // while it is parked
  void close() noexcept;                            // ends this exchange
  error blame(error problem) const;
  // Whether the request that failed with `problem` was certainly not processed, so that it may be repeated whatever its
  // method. In HTTP/2 the peer says so; in HTTP/1.1 a pooled connection was closed before a byte of an answer arrived
  // (RFC 9110 section 9.2.2).
  bool unprocessed(const error& problem) const noexcept;

  bool reused = false;
  std::string address;                       // of the peer
  std::string tls_version;                   // empty for plain HTTP
  std::chrono::milliseconds resolved_in{0};  // of the first use
  std::chrono::milliseconds connected_in{0};
  std::chrono::milliseconds secured_in{0};
  steady_time idle_since{};

 private:
  std::unique_ptr<net::stream> wire_;
  std::optional<async::deadline> timer_;
  std::unique_ptr<h1_client> h1_;
  std::unique_ptr<h2_upstream> h2_;
  count_guard open_;  // of HTTP/1.1: shared connections count themselves
  count_guard idle_;
};

}  // namespace regpass::transport
