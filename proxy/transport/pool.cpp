#include "transport/pool.hpp"

#include "regpass/net/tls_stream.hpp"
#include "transport/h2_shared.hpp"

#include <algorithm>

namespace regpass::transport {

namespace {

using clock = std::chrono::steady_clock;
using std::chrono::duration_cast;
using std::chrono::milliseconds;

// Requests come and end in bursts: a connection beyond the bound is kept for so long, as it is likely to be asked for
// again at once, and its successor would cost a handshake.
constexpr milliseconds surplus_for{1000};

// The handshake has a deadline of its own: the connection's timer is born after it.
async::task<result<std::unique_ptr<net::stream>>> secure(std::unique_ptr<net::stream> below, const route& to,
                                                         offer what, const limits& bounds) {
  tls::engine_options options;
  options.role = tls::role::client;
  options.name = to.origin.host;
  options.peer = to.peer;
  options.http2 = what == offer::http2;
  options.session_key = to.origin.host + ":" + std::to_string(to.origin.port);
  auto made = std::make_unique<net::tls_stream>(std::move(below), *to.context, std::move(options));
  async::deadline timer(made->get_executor(), [wire = made.get()] { wire->close(); });
  timer.set(phase::tls, bounds.tls_within);
  auto done = co_await made->handshake();
  if (!done) {
    auto problem = done.error();
    problem.who = to.peer;
    problem.when = phase::tls;
    co_return std::unexpected(timer.blame(std::move(problem)));
  }
  co_return std::unique_ptr<net::stream>(std::move(made));
}

// Whoever waits for the opening goes on when it has ended, however that was.
struct opening_mark {
  explicit opening_mark(h2_site& site) : at(site) {
    at.opening = true;
    at.failure.reset();
  }
  ~opening_mark() {
    at.opening = false;
    at.opened.cancel();
  }
  opening_mark(const opening_mark&) = delete;
  opening_mark& operator=(const opening_mark&) = delete;
  h2_site& at;
};

}  // namespace

connection::connection(std::unique_ptr<net::stream> wire, const limits& bounds, party peer)
    : wire_(std::move(wire)), open_(upstream_tally().open) {
  timer_.emplace(wire_->get_executor(), [this] { wire_->close(); });
  h1_ = std::make_unique<h1_client>(*wire_, peer, bounds, *timer_);
}

connection::connection(h2_client& shared) : h2_(shared.open()) {}

transport::upstream& connection::http() noexcept {
  if (h2_) return *h2_;
  return *h1_;
}

bool connection::reusable() const noexcept {
  return h2_ ? h2_->complete() : h1_->reusable();
}

void connection::rest() noexcept {
  h1_->rest();
  idle_ = tally_mark(upstream_tally().idle);
}

void connection::close() noexcept {
  if (h2_) {
    h2_->abort();
  } else {
    wire_->close();
  }
}

error connection::blame(error problem) const {
  return timer_ ? timer_->blame(std::move(problem)) : problem;
}

bool connection::unprocessed(const error& problem) const noexcept {
  if (h2_) return h2_->unprocessed();
  const bool dropped = problem.code == errc::closed || problem.code == errc::reset || problem.code == errc::truncated;
  return dropped && reused && !problem.answer_started;
}

pool::pool(async::executor on, limits bounds)
    : on_(std::move(on)), bounds_(bounds), sweep_(std::make_shared<boost::asio::steady_timer>(on_)) {}
pool::~pool() = default;

template <class Value>
Value& pool::at(by_route<Value>& map, const route& to) {
  const auto known = map.find(to);
  return known != map.end() ? known->second : map[key{to.origin, to.address, to.trust}];
}

async::task<result<std::unique_ptr<connection>>> pool::get(const route& to, bool fresh) {
  const auto what = to.origin.scheme == "https" ? to.offer : offer::http1;
  auto work = what == offer::http2         ? get_shared(to, fresh)
              : what == offer::http1_first ? get_http1_first(to, fresh)
                                           : get_own(to, what, fresh);
  auto got = co_await std::move(work);
  co_return got;
}

// Servers of HTTP/2 alone refuse the handshake or choose no protocol and then hang up. Older servers of HTTP/1.1 choose
// none either: an offer of both versions tells the two apart, before a request is lost on such a connection.
async::task<result<std::unique_ptr<connection>>> pool::get_http1_first(const route& to, bool fresh) {
  const auto at = site_of(to);
  if (at->takes_http1 && !fresh) {
    auto own = co_await get_own(to, offer::http1_first, fresh);
    const bool offered_in_vain = !own && own.error().code == errc::unsupported;
    if (!offered_in_vain) co_return own;
  }
  auto shared = co_await get_shared(to, fresh);
  if (at->speaks == h2_site::version::http2) at->takes_http1 = false;
  co_return shared;
}

async::task<result<std::unique_ptr<connection>>> pool::get_shared(const route& to, bool fresh) {
  const auto at = site_of(to);
  for (;;) {
    auto lent = at->lease();
    if (lent) co_return lent;
    if (at->speaks == h2_site::version::http1) {
      const auto what = at->downgraded ? offer::http1 : offer::http2;
      auto own = co_await get_own(to, what, fresh);
      co_return own;
    }
    if (!at->opening) break;
    co_await at->opened.async_wait(async::use_task);
    if (at->failure) co_return std::unexpected(*at->failure);
  }
  auto opened = co_await open_first(at, to);
  co_return opened;
}

async::task<result<std::unique_ptr<connection>>> pool::open_first(std::shared_ptr<h2_site> at, const route& to) {
  const opening_mark mark(*at);
  auto opened = co_await open(to, offer::http2);
  if (!opened) at->failure = opened.error();
  co_return opened;
}

std::shared_ptr<h2_site> pool::site_of(const route& to) {
  auto& site = at(sites_, to);
  if (!site) site = std::make_shared<h2_site>(on_);
  return site;
}

async::task<result<std::unique_ptr<connection>>> pool::get_own(const route& to, offer what, bool fresh) {
  auto& waiting = at(idle_, to);
  while (!fresh && !waiting.empty()) {
    auto candidate = std::move(waiting.back());
    waiting.pop_back();
    if (clock::now() - candidate->idle_since > bounds_.idle_for || candidate->stale()) continue;
    candidate->leave_rest();
    candidate->reused = true;
    co_return candidate;
  }
  auto opened = co_await open(to, what);
  co_return opened;
}

void pool::put(const route& to, std::unique_ptr<connection> used) {
  if (!used || !used->poolable() || bounds_.idle_per_origin == 0) return;
  auto& waiting = at(idle_, to);
  used->rest();
  used->idle_since = clock::now();
  waiting.push_back(std::move(used));
  sweep_in_time();
}

void pool::clear() noexcept {
  idle_.clear();
  sweep_->cancel();
  for (const auto& [where, at] : sites_) at->retire();
}

async::task<result<std::unique_ptr<connection>>> pool::open(const route& to, offer what) {
  net::dial_target target;
  target.host = to.origin.host;
  target.address = to.address;
  target.port = to.origin.port;
  target.allowed = to.allowed;
  target.blame = to.peer;
  target.asked_by = to.asked_by;
  target.within = bounds_.connect_within;
  auto reached = co_await net::reach(to.by, std::move(target));
  if (!reached) co_return std::unexpected(reached.error());

  auto wire = std::move(reached->wire);
  const auto began = clock::now();
  std::string version;
  std::string protocol;
  if (to.origin.scheme == "https") {
    auto secured = co_await secure(std::move(wire), to, what, bounds_);
    if (!secured) co_return std::unexpected(secured.error());
    wire = std::move(*secured);
    const auto& engine = static_cast<const net::tls_stream&>(*wire).engine();
    version = engine.version();
    protocol = engine.alpn();
    const bool chose_none = what == offer::http1_first && protocol.empty();
    if (chose_none && site_of(to)->speaks != h2_site::version::http1) {
      co_return std::unexpected(error(errc::unsupported, to.peer, phase::tls, "HTTP/1.1 was not chosen", 0, false));
    }
  }
  std::unique_ptr<connection> made;
  if (protocol == "h2") {
    made = site_of(to)->adopt(std::move(wire), to.peer, bounds_);
  } else {
    made = std::make_unique<connection>(std::move(wire), bounds_, to.peer);
    if (what == offer::http2) site_of(to)->speaks = h2_site::version::http1;
  }
  made->address = reached->address;
  made->tls_version = std::move(version);
  made->resolved_in = reached->resolved_in;
  made->connected_in = reached->connected_in;
  made->secured_in = duration_cast<milliseconds>(clock::now() - began);
  co_return made;
}

// The longest idle ones come first, and those beyond the bound among them go first.
steady_time pool::due(const idle_list& waiting, std::size_t index) const {
  const bool surplus = waiting.size() > bounds_.idle_per_origin + index;
  return waiting[index]->idle_since + (surplus ? std::min(surplus_for, bounds_.idle_for) : bounds_.idle_for);
}

void pool::prune(steady_time now) {
  for (auto it = idle_.begin(); it != idle_.end();) {
    auto& waiting = it->second;
    std::size_t gone = 0;
    while (gone < waiting.size() && due(waiting, gone) < now) ++gone;
    waiting.erase(waiting.begin(), waiting.begin() + static_cast<std::ptrdiff_t>(gone));
    it = waiting.empty() ? idle_.erase(it) : std::next(it);
  }
}

void pool::sweep_in_time() {
  auto next = steady_time::max();
  for (const auto& [where, waiting] : idle_) {
    if (!waiting.empty()) next = std::min(next, due(waiting, 0));
  }
  if (next >= sweep_at_) return;
  if (sweep_at_ != steady_time::max()) {
    sweep_->cancel();  // comes back here
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
