// Upstream connections by origin and trust set, kept for the next exchange. One pool per worker.
#pragma once

#include "regpass/base/time.hpp"
#include "regpass/exchange/h1_connection.hpp"
#include "regpass/http/origin.hpp"
#include "regpass/net/dial.hpp"
#include "regpass/tls/context.hpp"

#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace regpass::exchange {

// Where to and how: what makes two connections interchangeable, and what is needed to open one.
struct route {
  http::origin origin;
  std::string address;                          // to connect to instead of the origin's; part of the pool's key
  tls::trust trust;                             // part of the pool's key: another trust set is another connection
  std::shared_ptr<const tls::context> context;  // made for `trust`; unused for http
  net::address_filter allowed;
  party peer = party::registry;
};

// An open connection with its own deadline. Moved between pool and exchange.
class connection {
 public:
  connection(std::unique_ptr<net::stream> wire, const limits& bounds, party peer);

  exchange::upstream& http() noexcept { return *client_; }
  bool reusable() const noexcept { return client_->reusable(); }
  bool stale() noexcept { return wire_->stale(); }
  void close() noexcept { wire_->close(); }
  error blame(error problem) const { return timer_.blame(std::move(problem)); }

  bool reused = false;
  std::string address;                       // of the peer
  std::string tls_version;                   // "" for plain HTTP
  std::chrono::milliseconds resolved_in{0};  // of the first use
  std::chrono::milliseconds connected_in{0};
  std::chrono::milliseconds secured_in{0};
  steady_time idle_since{};

 private:
  std::unique_ptr<net::stream> wire_;
  net::deadline timer_;
  std::unique_ptr<h1_client> client_;
};

class pool {
 public:
  pool(net::executor on, limits bounds);
  ~pool();

  // A pooled connection that is not stale, or a new one. `fresh` skips the pool.
  net::task<result<std::unique_ptr<connection>>> get(route to, bool fresh = false);
  // Takes a connection back if it can be used again, else closes it.
  void put(const route& to, std::unique_ptr<connection> used);
  void clear() noexcept;
  const limits& bounds() const noexcept { return bounds_; }

 private:
  struct key {
    http::origin origin;
    std::string address;
    tls::trust trust;
    auto operator<=>(const key&) const = default;
  };
  net::task<result<std::unique_ptr<connection>>> open(route to);
  void prune(steady_time now);

  net::executor on_;
  limits bounds_;
  std::map<key, std::vector<std::unique_ptr<connection>>> idle_;
};

}  // namespace regpass::exchange
