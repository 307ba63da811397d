// What follows a CONNECT: an opaque tunnel, or TLS that ends here.
#include "forward/exchange/exchange_runner.hpp"
#include "forward/modes/tunnel.hpp"
#include "forward/session/session_impl.hpp"
#include "net/prefixed_stream.hpp"
#include "regpass/base/log.hpp"
#include "regpass/base/text.hpp"
#include "regpass/diagnosis/diagnose.hpp"
#include "regpass/forward/report.hpp"
#include "regpass/net/endpoint.hpp"
#include "regpass/net/tls_stream.hpp"

#include <array>

namespace regpass::forward {

namespace {

// How often it is looked whether a client is still there that waits for its tunnel.
constexpr auto look_every = std::chrono::milliseconds{200};
constexpr int looks_at_half_closed = 5;
constexpr auto linger_for_close = std::chrono::seconds{2};
constexpr std::size_t longest_agent = 64;
constexpr std::string_view established_line = "HTTP/1.1 200 Connection established\r\n\r\n";

int status_for(const error& problem) {
  if (problem.code == errc::denied) return 403;
  return problem.code == errc::timed_out ? 504 : 503;
}

std::string named_by(const target& to) {
  return to.came_by == target::way::connect ? "CONNECT did" : "the client's TLS was begun with";
}

}  // namespace

bool session::names_target(const http::request_head& head, const target& to) {
  const auto host = head.headers.get("Host");
  if (!host) return false;
  const auto parts = http::parse_authority(*host, http::default_port(to.origin.scheme));
  return parts && parts->host == to.origin.host && parts->port == to.origin.port;
}

diagnosis::failed_step session::misdirected(const target& to) {
  return diagnosis::failed_step{
      error(errc::bad_message, party::client, phase::head, "Host names another host than " + named_by(to), 0, false)};
}

bool session::only_watched(const registry_entry* entry) {
  return entry != nullptr && entry->options.injection == auth::injection::observe;
}

std::string session::unwatched(const target& to, const decision& made, const result<tls::context>& leaf) const {
  if (!only_watched(made.registry)) return {};
  if (!leaf) return "not observed: " + leaf.error().detail;
  if (!around_.shared.stores.distrusting_clients.contains({to.origin.host, agent_})) return {};
  return "not observed: " + (agent_.empty() ? "a client" : agent_) + " did not accept regpass's certificate for it";
}

forward_request session::request_inside(const target& to, const http::request_head& head) {
  forward_request what;
  what.target = to;
  what.snapshot = around_.shared.current();
  what.registry = what.snapshot->find(to.registry);
  what.client = peer_;
  what.mode = mode_;
  what.may_be_step = around_.shared.steps.suspects(traits_, head, what.snapshot->clients.builder);
  return what;
}

async::task<void> session::established(server& front) {
  // The client may have sent the beginning of its TLS already; it is given back to whoever reads next.
  auto rest = front.take_unread();
  timer_.set(phase::head, around_.bounds.head_within);
  auto written = co_await net::write_one(*client_, established_line);
  timer_.clear();
  if (!written) client_->close();
  client_ = net::make_prefixed_stream(std::move(rest), std::move(client_));
}

// A client that sends no more may have ended only its own side, before it was answered even; few do, and briefly.
async::task<result<net::connected_stream>> session::reach(net::dial_target where, snapshot_ptr from) {
  const auto asks = std::make_shared<net::requester>(net::address_text(peer_));
  where.requested_by = asks;
  const auto looks = std::make_shared<int>(0);
  timer_.watch(look_every, [this, asks, looks] {
    const auto there = client_->probe_peer();
    if (there == net::peer_state::open) return;
    asks->mark_leaving();
    if (there == net::peer_state::closed || ++*looks > looks_at_half_closed) asks->leave();
  });
  auto reached = co_await net::connect_through(from->upstream_proxy, std::move(where));
  timer_.unwatch();
  co_return reached;
}

void session::log_left(const net::dial_target& where) const {
  log::write(log::level::debug, "tunnel", "the client hung up while " + where.host + " was being looked up",
             {{"mode", mode_}, {"client", peer_}, {"host", where.host}});
}

async::task<void> session::tunnel(server& front, target to, snapshot_ptr from, decision made, std::string remark) {
  net::dial_target where;
  where.host = to.origin.host;
  where.port = to.origin.port;
  where.allowed = filter_for(rule_for(to, made, *from));
  where.blame = party::intermediary;
  where.within = around_.bounds.connect_within;
  auto reached = co_await reach(where, from);
  if (!reached && reached.error().code == errc::cancelled) {
    log_left(where);
    co_return;
  }
  if (!reached) {
    const int status = status_for(reached.error());
    auto seen = about(front.head(), &to);
    diagnosis::add(seen, 0, diagnosis::failed_step{reached.error()});
    co_await refuse(status, std::move(seen), "tunnel");
    co_return;
  }
  around_.shared.stores.tunnelled_hosts.add(http::authority(to.origin));
  ++around_.shared.load.busy;
  auto server_side = std::move(reached->wire);
  co_await established(front);
  auto moved = co_await run_tunnel(*client_, *server_side, around_.shared.tunnel_idle);
  --around_.shared.load.busy;
  boost::json::object more{
      {"mode", mode_}, {"client", peer_}, {"host", http::authority(to.origin)}, {"address", reached->address}};
  more["bytes_in"] = moved.up;
  more["bytes_out"] = moved.down;
  if (!remark.empty()) more["remark"] = remark;
  log::write(log::level::info, "tunnel", "tunnelled to " + http::authority(to.origin), more);
}

async::task<void> session::intercept(server& front, target to, snapshot_ptr from, decision made) {
  const auto agent = front.head().headers.get("User-Agent");
  if (agent && only_watched(made.registry)) agent_ = clean(*agent, longest_agent);
  auto context = around_.shared.leaves->get(to.origin.host, now());
  auto remark = unwatched(to, made, context);
  if (!remark.empty()) {
    co_await tunnel(front, std::move(to), std::move(from), std::move(made), std::move(remark));
    co_return;
  }
  if (!context) {
    auto seen = about(front.head(), &to);
    diagnosis::add(seen, 0,
                   diagnosis::policy_step{context.error().detail,
                                          "remove the CA's directory (tls.ca_dir) and restart regpass and "
                                          "its clients: the new CA covers all registries known then"});
    co_await refuse(403, std::move(seen), "policy-refused");
    co_return;
  }
  co_await established(front);
  expect_tls(std::move(*context), std::move(to));
}

void session::expect_tls(tls::context context, target to) {
  expected_ = std::make_unique<expected_tls>(std::move(context), std::move(to));
}

async::task<void> session::secure(result<void> spoke) {
  const auto expected = std::move(expected_);
  auto& to = expected->to;
  if (!spoke) {
    timer_.clear();
    reject(to, timer_.blame(spoke.error()));
    co_return;
  }
  // The clock may have been set while the client said nothing.
  if (auto fresh = around_.shared.leaves->get(to.origin.host, now())) expected->context = std::move(*fresh);
  tls::engine_options options;
  options.role = tls::role::server;
  options.name = to.origin.host;
  options.peer = party::client;
  options.http2 = offers_h2(to);
  auto wrapped = std::make_unique<net::tls_stream>(std::move(client_), expected->context, std::move(options));
  auto* wire = wrapped.get();
  client_ = std::move(wrapped);
  auto done = co_await wire->handshake();
  timer_.clear();
  if (!done) {
    reject(to, timer_.blame(done.error()));
    co_return;
  }
  http2_ = wire->engine().alpn() == "h2";
  traits_.tls = true;
  traits_.offered_http2 = wire->engine().offered_http2();
  inside_ = std::make_unique<const target>(std::move(to));
}

// Go dials spare connections and drops them half-way: only a real refusal of our certificate is worth a warning. In
// TLS 1.3 the client judges our certificate after our side of the handshake is done: its alert is the first thing we
// read.
void session::reject(const target& to, error problem) {
  problem.who = party::client;
  problem.when = phase::tls;
  const auto from = around_.shared.current();
  if (problem.code == errc::distrusted && only_watched(from->find(to.registry))) {
    around_.shared.stores.distrusting_clients.add({to.origin.host, agent_});
  }
  const bool ordinary = problem.code == errc::closed || problem.code == errc::reset || problem.code == errc::truncated;
  auto seen = about(http::request_head(), &to);
  if (to.came_by == target::way::connect) seen.method = "CONNECT";
  diagnosis::add(seen, 0, diagnosis::failed_step{problem});
  const auto explained = ordinary ? std::nullopt : diagnosis::diagnose(seen);
  boost::json::object more{
      {"id", seen.id}, {"client", peer_}, {"registry", seen.registry}, {"problem", to_text(problem)}};
  if (explained) add_explained(more, seen, *explained);
  const bool told = ordinary || should_report(around_, peer_, explained ? explained->cause : "client-rejected");
  if (told) {
    log::write(ordinary ? log::level::debug : log::level::warn, "client-rejected",
               explained ? explained->summary : "the client's TLS handshake did not finish", more);
  }
  if (!explained) return;
  exchange_record outcome{std::move(seen), explained};
  around_.shared.metrics.exchange(outcome, true);
  if (told) around_.shared.history.add(std::move(outcome));
}

async::task<bool> session::serve_one_inside(server& inside) {
  const auto& to = *inside_;
  auto got = co_await inside.next();
  if (!got && got.error().code == errc::distrusted) {
    reject(to, got.error());
    co_return false;
  }
  if (!got) {
    const auto name = registry::to_text(to.registry);
    co_await refuse_unreadable(got.error(), name);
    co_return false;
  }
  if (!names_target(inside.head(), to)) {
    auto seen = about(inside.head(), &to);
    diagnosis::add(seen, 0, misdirected(to));
    co_await refuse(421, std::move(seen), "client-rejected");
    co_return false;
  }
  auto what = request_inside(to, inside.head());
  // The host was a registry when the client connected; if a reload took it away, nothing may be injected any more.
  if (!what.registry) co_return false;
  co_await forward_exchange(around_, std::move(what), inside);
  auto drained = co_await inside.drain();
  if (drained && inside.reusable()) co_return true;
  if (inside.continue_unanswered()) {
    co_await linger();
    co_return false;
  }
  timer_.set(phase::idle, linger_for_close);
  co_await client_->shut_write();
  co_return false;
}

}  // namespace regpass::forward
