// Upstream connections by origin and trust set: HTTP/1.1 connections are kept for the next exchange, HTTP/2 connections
// are shared by exchanges. Every worker has a pool of its own.
#pragma once

#include "regpass/base/time.hpp"
#include "regpass/http/origin.hpp"
#include "regpass/net/upstream_proxy.hpp"
#include "regpass/tls/context.hpp"
#include "transport/connection.hpp"

#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

namespace regpass::transport {

// The HTTP versions that are offered to an origin.
enum class offer : std::uint8_t {
  http1,
  http1_first,  // HTTP/2 only if the origin does not accept HTTP/1.1
  http2         // and HTTP/1.1
};

// Identifies interchangeable connections, and has what is needed to open one.
struct route {
  http::origin origin;
  std::string address;                          // connected to instead of the origin's; part of the pool's key
  tls::trust trust;                             // part of the pool's key: another trust set is another connection
  std::shared_ptr<const tls::context> context;  // made for `trust`; unused for http
  net::address_filter allowed;
  net::upstream_proxy_ptr by;  // not part of the key: an open connection can be used whichever way it was opened
  party peer = party::registry;
  transport::offer offer = transport::offer::http1;
  std::shared_ptr<net::requester> requested_by{};  // whose request names the origin; null if the configuration does
};

struct h2_origin;

// Idle connections are closed after limits.idle_for, those beyond limits.idle_per_origin after a second. Until then a
// timer keeps the executor busy, unless clear() is called.
class pool {
 public:
  pool(async::executor on, limits bounds);
  ~pool();

  // A pooled connection that is not stale, or a new one. `fresh` skips the pool, but not a shared HTTP/2 connection
  // that accepts new streams. If an origin may speak HTTP/2, the first caller opens a connection, and the others wait
  // until its version is known. `to` must stay valid until the task has ended.
  async::task<result<std::unique_ptr<connection>>> get(const route& to, bool fresh = false);
  // Takes a connection back if it can be used again, else closes it.
  void put(const route& to, std::unique_ptr<connection> used);
  void clear() noexcept;
  const limits& bounds() const noexcept { return bounds_; }

 private:
  struct key {
    http::origin origin;
    std::string address;
    tls::trust trust;
  };
  // Routes are looked up without making a key; only the first use of a route makes one.
  struct order {
    using is_transparent = void;
    bool operator()(const auto& a, const auto& b) const {
      return std::tie(a.origin, a.address, a.trust) < std::tie(b.origin, b.address, b.trust);
    }
  };
  template <class Value>
  using by_route = std::map<key, Value, order>;
  template <class Value>
  static Value& at(by_route<Value>& map, const route& to);
  async::task<result<std::unique_ptr<connection>>> get_own(const route& to, offer versions, bool fresh);
  async::task<result<std::unique_ptr<connection>>> get_http1_first(const route& to, bool fresh);
  async::task<result<std::unique_ptr<connection>>> get_shared(const route& to, bool fresh);
  async::task<result<std::unique_ptr<connection>>> open_first(std::shared_ptr<h2_origin> origin, const route& to);
  async::task<result<std::unique_ptr<connection>>> open(const route& to, offer versions);
  std::shared_ptr<h2_origin> origin_of(const route& to);
  using idle_list = std::vector<std::unique_ptr<connection>>;
  steady_time due(const idle_list& waiting, std::size_t index) const;
  void prune(steady_time now);
  void sweep_in_time();

  async::executor on_;
  limits bounds_;
  by_route<idle_list> idle_;
  std::shared_ptr<boost::asio::steady_timer> sweep_;
  steady_time sweep_at_ = steady_time::max();  // max: the sweep is not armed
  by_route<std::shared_ptr<h2_origin>> origins_;
};

}  // namespace regpass::transport
