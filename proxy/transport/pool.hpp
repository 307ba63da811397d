// Upstream connections by origin and trust set, kept for the next exchange; those of HTTP/2 are shared by exchanges.
// One pool per worker.
#pragma once

#include "regpass/base/time.hpp"
#include "regpass/http/origin.hpp"
#include "regpass/net/upstream_proxy.hpp"
#include "regpass/tls/context.hpp"
#include "regpass/transport/h1_connection.hpp"
#include "transport/h2_connection.hpp"
#include "transport/stream_counts.hpp"

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

// What is offered to an origin, which chooses.
enum class offer : std::uint8_t {
  http1,
  http1_first,  // HTTP/2 only when it takes nothing else
  http2         // and HTTP/1.1
};

// Where to and how: what makes two connections interchangeable, and what is needed to open one.
struct route {
  http::origin origin;
  std::string address;                          // to connect to instead of the origin's; part of the pool's key
  tls::trust trust;                             // part of the pool's key: another trust set is another connection
  std::shared_ptr<const tls::context> context;  // made for `trust`; unused for http
  net::address_filter allowed;
  net::upstream_proxy_ptr by;  // not part of the key: a connection that stands is as good as any
  party peer = party::registry;
  transport::offer offer = transport::offer::http1;
  std::shared_ptr<net::asker> asked_by{};  // whose request names the origin; null if the configuration does
};

struct h2_site;

// What carries one exchange: an open connection of HTTP/1.1 with its own deadline, moved between pool and exchange; or
// a stream of a shared one of HTTP/2.
class connection {
 public:
  connection(std::unique_ptr<net::stream> wire, const limits& bounds, party peer);
  explicit connection(h2_client& shared);

  transport::upstream& http() noexcept;
  // The exchange is complete, and leaves nothing behind that would disturb another one.
  bool reusable() const noexcept;
  bool poolable() const noexcept { return h1_ != nullptr && h1_->reusable(); }
  void rest() noexcept;                             // of one that goes to the pool
  void leave_rest() noexcept { idle_.leave(); }     // and comes back from it
  bool stale() noexcept { return wire_->stale(); }  // of one in the pool
  void close() noexcept;                            // ends this exchange
  error blame(error problem) const;
  // After this error: the request was certainly not looked at, so it may be sent again whatever its method. In HTTP/2
  // the peer says so; in HTTP/1.1 a pooled connection died without a byte of an answer (RFC 9110 section 9.2.2).
  bool unprocessed(const error& problem) const noexcept;

  bool reused = false;
  std::string address;                       // of the peer
  std::string tls_version;                   // "" for plain HTTP
  std::chrono::milliseconds resolved_in{0};  // of the first use
  std::chrono::milliseconds connected_in{0};
  std::chrono::milliseconds secured_in{0};
  steady_time idle_since{};

 private:
  std::unique_ptr<net::stream> wire_;
  std::optional<async::deadline> timer_;
  std::unique_ptr<h1_client> h1_;
  std::unique_ptr<h2_upstream> h2_;
  tally_mark open_;  // what is shared counts itself
  tally_mark idle_;
};

// Idle connections are closed when limits.idle_for is over, those beyond limits.idle_per_origin after a second, whether
// or not anybody asks for another: until then there is work for the executor, unless clear() is called.
class pool {
 public:
  pool(async::executor on, limits bounds);
  ~pool();

  // A pooled connection that is not stale, or a new one. `fresh` skips the pool, but not a shared connection of HTTP/2
  // that takes new streams. Where an origin may speak HTTP/2, the first to ask opens a connection and the others wait
  // for what it turns out to be.
  // What `to` refers to stays as it is until then.
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
  // A route is looked up as it is: a key is made for the first one only.
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
  async::task<result<std::unique_ptr<connection>>> get_own(const route& to, offer what, bool fresh);
  async::task<result<std::unique_ptr<connection>>> get_http1_first(const route& to, bool fresh);
  async::task<result<std::unique_ptr<connection>>> get_shared(const route& to, bool fresh);
  async::task<result<std::unique_ptr<connection>>> open_first(std::shared_ptr<h2_site> at, const route& to);
  async::task<result<std::unique_ptr<connection>>> open(const route& to, offer what);
  std::shared_ptr<h2_site> site_of(const route& to);
  using idle_list = std::vector<std::unique_ptr<connection>>;
  steady_time due(const idle_list& waiting, std::size_t index) const;
  void prune(steady_time now);
  void sweep_in_time();

  async::executor on_;
  limits bounds_;
  by_route<idle_list> idle_;
  std::shared_ptr<boost::asio::steady_timer> sweep_;
  steady_time sweep_at_ = steady_time::max();  // max: the sweep is not armed
  by_route<std::shared_ptr<h2_site>> sites_;
};

}  // namespace regpass::transport
