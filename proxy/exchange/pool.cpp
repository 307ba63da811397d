#include "regpass/exchange/pool.hpp"

#include "regpass/net/tcp_stream.hpp"
#include "regpass/net/tls_stream.hpp"

#include <algorithm>

namespace regpass::exchange {

namespace {

using clock = std::chrono::steady_clock;
using std::chrono::duration_cast;
using std::chrono::milliseconds;

// The handshake has a deadline of its own: the connection's timer is born after it.
net::task<result<std::unique_ptr<net::stream>>> secure(std::unique_ptr<net::stream> below, const route& to,
                                                       const limits& bounds) {
  tls::engine_options options;
  options.role = tls::role::client;
  options.name = to.origin.host;
  options.peer = to.peer;
  auto made = std::make_unique<net::tls_stream>(std::move(below), *to.context, std::move(options));
  net::deadline timer(made->get_executor(), [wire = made.get()] { wire->close(); });
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

}  // namespace

connection::connection(std::unique_ptr<net::stream> wire, const limits& bounds, party peer)
    : wire_(std::move(wire)),
      timer_(wire_->get_executor(), [this] { wire_->close(); }),
      client_(std::make_unique<h1_client>(*wire_, peer, bounds, timer_)) {}

pool::pool(net::executor on, limits bounds) : on_(std::move(on)), bounds_(bounds) {}
pool::~pool() = default;

net::task<result<std::unique_ptr<connection>>> pool::get(route to, bool fresh) {
  prune(clock::now());
  auto& waiting = idle_[key{to.origin, to.address, to.trust}];
  while (!fresh && !waiting.empty()) {
    auto candidate = std::move(waiting.back());
    waiting.pop_back();
    if (candidate->stale()) continue;
    candidate->reused = true;
    co_return candidate;
  }
  auto opened = co_await open(std::move(to));
  co_return opened;
}

void pool::put(const route& to, std::unique_ptr<connection> used) {
  if (!used || !used->reusable()) return;
  auto& waiting = idle_[key{to.origin, to.address, to.trust}];
  if (waiting.size() >= bounds_.idle_per_origin) return;
  used->idle_since = clock::now();
  waiting.push_back(std::move(used));
}

void pool::clear() noexcept {
  idle_.clear();
}

net::task<result<std::unique_ptr<connection>>> pool::open(route to) {
  net::dial_target target;
  target.host = to.address.empty() ? to.origin.host : to.address;
  target.port = to.origin.port;
  target.allowed = to.allowed;
  target.blame = to.peer;
  target.within = bounds_.connect_within;
  auto reached = co_await net::dial(std::move(target));
  if (!reached) co_return std::unexpected(reached.error());

  auto wire = net::make_tcp_stream(std::move(reached->socket), to.peer);
  const auto began = clock::now();
  std::string version;
  if (to.origin.scheme == "https") {
    auto secured = co_await secure(std::move(wire), to, bounds_);
    if (!secured) co_return std::unexpected(secured.error());
    wire = std::move(*secured);
    version = static_cast<const net::tls_stream&>(*wire).engine().version();
  }
  auto made = std::make_unique<connection>(std::move(wire), bounds_, to.peer);
  made->address = reached->address;
  made->tls_version = std::move(version);
  made->resolved_in = reached->resolved_in;
  made->connected_in = reached->connected_in;
  made->secured_in = duration_cast<milliseconds>(clock::now() - began);
  co_return made;
}

void pool::prune(steady_time now) {
  for (auto it = idle_.begin(); it != idle_.end();) {
    auto& waiting = it->second;
    std::erase_if(waiting, [&](const auto& one) { return now - one->idle_since > bounds_.idle_for; });
    it = waiting.empty() ? idle_.erase(it) : std::next(it);
  }
}

}  // namespace regpass::exchange
