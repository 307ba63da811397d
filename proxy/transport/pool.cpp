#include "transport/pool.hpp"

#include "regpass/net/tls_stream.hpp"
#include "transport/h2_origin.hpp"

#include <algorithm>

namespace regpass::transport {

namespace {

using clock = std::chrono::steady_clock;
using std::chrono::duration_cast;
using std::chrono::milliseconds;

// How long a connection beyond the bound is kept. Requests come in bursts, so it is likely to be needed again very
// soon, and opening another one would cost a handshake.
constexpr milliseconds surplus_for{1000};

// The handshake has its own deadline, because the connection's deadline does not exist yet.
async::task<result<std::unique_ptr<net::stream>>> secure(std::unique_ptr<net::stream> below, const route& to,
                                                         offer versions, const limits& bounds) {
  tls::engine_options options;
  options.role = tls::role::client;
  options.name = to.origin.host;
  options.peer = to.peer;
  options.http2 = versions == offer::http2;
  options.session_key = to.origin.host + ":" + std::to_string(to.origin.port);
  auto stream = std::make_unique<net::tls_stream>(std::move(below), *to.context, std::move(options));
  async::deadline timer(stream->get_executor(), [raw = stream.get()] { raw->close(); });
  timer.set(phase::tls, bounds.tls_within);
  auto done = co_await stream->handshake();
  if (!done) {
    auto problem = done.error();
    problem.who = to.peer;
    problem.when = phase::tls;
    co_return std::unexpected(timer.blame(std::move(problem)));
  }
  co_return std::unique_ptr<net::stream>(std::move(stream));
}

// Wakes the exchanges that wait for an opening when it has ended, whatever the outcome.
struct opening_guard {
  explicit opening_guard(h2_origin& target) : origin(target) {
    origin.opening = true;
    origin.failure.reset();
  }
  ~opening_guard() {
    origin.opening = false;
    origin.opened.cancel();
  }
  opening_guard(const opening_guard&) = delete;
  opening_guard& operator=(const opening_guard&) = delete;
  h2_origin& origin;
};

}  // namespace

pool::pool(async::executor on, limits bounds)
    : on_(std::move(on)), bounds_(bounds), sweep_(std::make_shared<boost::asio::steady_timer>(on_)) {}
pool::~pool() = default;

template <class Value>
Value& pool::at(by_route<Value>& map, const route& to) {
  const auto known = map.find(to);
  return known != map.end() ? known->second : map[key{to.origin, to.address, to.trust}];
}

async::task<result<std::unique_ptr<connection>>> pool::get(const route& to, bool fresh) {
  const auto versions = to.origin.scheme == "https" ? to.offer : offer::http1;
  auto work = versions == offer::http2         ? get_shared(to, fresh)
              : versions == offer::http1_first ? get_http1_first(to, fresh)
                                               : get_own(to, versions, fresh);
  auto acquired = co_await std::move(work);
  co_return acquired;
}

// Servers that speak only HTTP/2 refuse the handshake, or select no protocol and then close the connection. Older
// HTTP/1.1 servers select none either. Offering both versions distinguishes the two before a request is lost.
async::task<result<std::unique_ptr<connection>>> pool::get_http1_first(const route& to, bool fresh) {
  const auto origin = origin_of(to);
  if (origin->takes_http1 && !fresh) {
    auto own = co_await get_own(to, offer::http1_first, fresh);
    const bool not_accepted = !own && own.error().code == errc::unsupported;
    if (!not_accepted) co_return own;
  }
  auto shared = co_await get_shared(to, fresh);
  if (origin->speaks == h2_origin::version::http2) origin->takes_http1 = false;
  co_return shared;
}

async::task<result<std::unique_ptr<connection>>> pool::get_shared(const route& to, bool fresh) {
  const auto origin = origin_of(to);
  for (;;) {
    auto lease = origin->lease();
    if (lease) co_return lease;
    if (origin->speaks == h2_origin::version::http1) {
      const auto versions = origin->downgraded ? offer::http1 : offer::http2;
      auto own = co_await get_own(to, versions, fresh);
      co_return own;
    }
    if (!origin->opening) break;
    co_await origin->opened.async_wait(async::use_task);
    if (origin->failure) co_return std::unexpected(*origin->failure);
  }
  auto opened = co_await open_first(origin, to);
  co_return opened;
}

async::task<result<std::unique_ptr<connection>>> pool::open_first(std::shared_ptr<h2_origin> origin, const route& to) {
  const opening_guard guard(*origin);
  auto opened = co_await open(to, offer::http2);
  if (!opened) origin->failure = opened.error();
  co_return opened;
}

std::shared_ptr<h2_origin> pool::origin_of(const route& to) {
  auto& origin = at(origins_, to);
  if (!origin) origin = std::make_shared<h2_origin>(on_);
  return origin;
}

async::task<result<std::unique_ptr<connection>>> pool::get_own(const route& to, offer versions, bool fresh) {
  auto& waiting = at(idle_, to);
  while (!fresh && !waiting.empty()) {
    auto candidate = std::move(waiting.back());
    waiting.pop_back();
    if (clock::now() - candidate->idle_since > bounds_.idle_for || candidate->stale()) continue;
    candidate->unpark();
    candidate->reused = true;
    co_return candidate;
  }
  auto opened = co_await open(to, versions);
  co_return opened;
}

void pool::put(const route& to, std::unique_ptr<connection> used) {
  if (!used || !used->poolable() || bounds_.idle_per_origin == 0) return;
  auto& waiting = at(idle_, to);
  used->park();
  used->idle_since = clock::now();
  waiting.push_back(std::move(used));
  sweep_in_time();
}

void pool::clear() noexcept {
  idle_.clear();
  sweep_->cancel();
  for (const auto& [origin_key, origin] : origins_) origin->retire();
}

async::task<result<std::unique_ptr<connection>>> pool::open(const route& to, offer versions) {
  net::dial_target target;
  target.host = to.origin.host;
  target.address = to.address;
  target.port = to.origin.port;
  target.allowed = to.allowed;
  target.blame = to.peer;
  target.requested_by = to.requested_by;
  target.within = bounds_.connect_within;
  auto reached = co_await net::connect_through(to.by, std::move(target));
  if (!reached) co_return std::unexpected(reached.error());

  auto wire = std::move(reached->wire);
  const auto began = clock::now();
  std::string version;
  std::string protocol;
  if (to.origin.scheme == "https") {
    auto secured = co_await secure(std::move(wire), to, versions, bounds_);
    if (!secured) co_return std::unexpected(secured.error());
    wire = std::move(*secured);
    const auto& engine = static_cast<const net::tls_stream&>(*wire).engine();
    version = engine.version();
    protocol = engine.alpn();
    const bool selected_none = versions == offer::http1_first && protocol.empty();
    if (selected_none && origin_of(to)->speaks != h2_origin::version::http1) {
      co_return std::unexpected(
          error(errc::unsupported, to.peer, phase::tls, "the server did not select HTTP/1.1", 0, false));
    }
  }
  std::unique_ptr<connection> opened;
  if (protocol == "h2") {
    opened = origin_of(to)->adopt(std::move(wire), to.peer, bounds_);
  } else {
    opened = std::make_unique<connection>(std::move(wire), bounds_, to.peer);
    if (versions == offer::http2) origin_of(to)->speaks = h2_origin::version::http1;
  }
  opened->address = reached->address;
  opened->tls_version = std::move(version);
  opened->resolved_in = reached->resolved_in;
  opened->connected_in = reached->connected_in;
  opened->secured_in = duration_cast<milliseconds>(clock::now() - began);
  co_return opened;
}

// The longest idle connections come first, so those beyond the bound are dropped first.
steady_time pool::due(const idle_list& waiting, std::size_t index) const {
  const bool surplus = waiting.size() > bounds_.idle_per_origin + index;
  return waiting[index]->idle_since + (surplus ? std::min(surplus_for, bounds_.idle_for) : bounds_.idle_for);
}

void pool::prune(steady_time now) {
  for (auto it = idle_.begin(); it != idle_.end();) {
    auto& waiting = it->second;
    std::size_t expired = 0;
    while (expired < waiting.size() && due(waiting, expired) < now) ++expired;
    waiting.erase(waiting.begin(), waiting.begin() + static_cast<std::ptrdiff_t>(expired));
    it = waiting.empty() ? idle_.erase(it) : std::next(it);
  }
}

void pool::sweep_in_time() {
  auto next = steady_time::max();
  for (const auto& [origin_key, waiting] : idle_) {
    if (!waiting.empty()) next = std::min(next, due(waiting, 0));
  }
  if (next >= sweep_at_) return;
  if (sweep_at_ != steady_time::max()) {
    sweep_->cancel();  // its handler calls this function again
    return;
  }
  sweep_at_ = next;
  sweep_->expires_at(next + std::chrono::milliseconds(1));
  sweep_->async_wait([this, alive = std::weak_ptr(sweep_)](const boost::system::error_code&) {
    if (alive.expired()) return;
    sweep_at_ = steady_time::max();
    prune(clock::now());
    sweep_in_time();
  });
}

}  // namespace regpass::transport
