// The life of a captured connection: its first bytes say what it is, its original destination where it was going.
#include "forward/exchange/exchange_runner.hpp"
#include "forward/modes/tunnel.hpp"
#include "forward/session/session_impl.hpp"
#include "net/prefixed_stream.hpp"
#include "regpass/base/log.hpp"
#include "regpass/base/text.hpp"
#include "regpass/net/dial.hpp"
#include "regpass/net/endpoint.hpp"
#include "regpass/net/upstream_proxy.hpp"

#include <algorithm>

namespace regpass::forward {

namespace {

constexpr std::size_t read_at_once = 4096;
// A fatal alert, access_denied (RFC 8446 section 6): the one thing that can be said to a client whose TLS is not ours.
constexpr std::string_view access_denied("\x15\x03\x03\x00\x02\x02\x31", 7);

diagnosis::failed_step clients_fault(errc code, std::string detail) {
  return diagnosis::failed_step{error(code, party::client, phase::head, std::move(detail), 0, false)};
}

std::string remark_on(const tls::client_hello& hello) {
  if (hello.encrypted) return "the ClientHello is encrypted, or pretends to be: what it says may not be meant";
  return hello.server_name.empty() ? "the ClientHello names no server" : "";
}

}  // namespace

async::task<void> session::serve_captured(net_endpoint original) {
  auto first = co_await look_ahead();
  const auto from = around_.shared.current();
  if (around_.shared.stores.own_ends.contains(peer_)) {
    auto to = captured_opaque(original);
    diagnosis::policy_step why("the connection is one of regpass's own, redirected back to it",
                               "give `regpass redirect apply` the --uid that regpass runs as");
    co_await turn_away(std::move(to), std::move(why), "client-rejected");
  } else if (first.what == beginning::kind::tls) {
    co_await serve_captured_tls(captured_tls(first.hello, original), remark_on(first.hello));
  } else if (first.what == beginning::kind::http) {
    co_await serve_captured_http(original);
  } else if (first.what == beginning::kind::other) {
    co_await serve_captured_tls(captured_opaque(original), "neither TLS nor HTTP can be read in it");
  }
}

// Reads until it is clear what the stream is, and gives everything back. need_more: there is nothing to serve.
async::task<beginning> session::look_ahead() {
  std::string seen;
  beginning first;
  timer_.set(phase::head, around_.bounds.head_within);
  const auto spoke = co_await client_->wait_readable();
  if (!spoke) co_return first;
  std::string piece(read_at_once, '\0');
  while (first.what == beginning::kind::need_more) {
    auto got = co_await client_->read_some(piece);
    if (!got) break;
    if (*got == 0 && !seen.empty()) first.what = beginning::kind::other;
    if (*got == 0) break;
    seen.append(piece, 0, *got);
    first = beginning_of(seen);
  }
  timer_.clear();
  client_ = net::make_prefixed_stream(std::move(seen), std::move(client_));
  co_return first;
}

async::task<void> session::serve_captured_tls(target to, std::string remark) {
  const auto from = around_.shared.current();
  const auto made = decide(to, *from);
  switch (made.action) {
    case decision::what::refuse: {
      diagnosis::policy_step why(made.why, made.remedy);
      co_await turn_away(std::move(to), std::move(why), "policy-refused");
      break;
    }
    case decision::what::intercept:
      co_await serve_captured_registry(std::move(to), from, made);
      break;
    case decision::what::tunnel:
    case decision::what::pass:
      co_await splice(std::move(to), from, made, std::move(remark));
      break;
  }
}

// The registry is reached by its name and must prove it: where the client's connection was going decides nothing but
// the port (T20).
async::task<void> session::serve_captured_registry(target to, snapshot_ptr from, decision made) {
  auto context = around_.shared.leaves->get(to.origin.host, now());
  auto remark = unwatched(to, made, context);
  if (!remark.empty()) {
    co_await splice(std::move(to), std::move(from), std::move(made), std::move(remark));
    co_return;
  }
  if (!context) {
    diagnosis::policy_step why(context.error().detail,
                               "remove the CA's directory (tls.ca_dir) and restart regpass and its clients: the new CA "
                               "covers all registries known then");
    co_await turn_away(std::move(to), std::move(why), "policy-refused");
    co_return;
  }
  aside_ = std::make_unique<async::task_group>(around_.on);
  aside_->spawn(compare_addresses(to), "comparing addresses");
  expect_tls(std::move(*context), std::move(to));
}

// Names with many addresses, and resolvers that differ, make this ordinary. It is still worth a line: a client with
// another resolver than ours, or one that sends the name of a registry to a host of its own.
async::task<void> session::compare_addresses(target to) {
  net::dial_target name;
  name.host = to.origin.host;
  name.port = to.origin.port;
  name.within = around_.bounds.connect_within;
  auto found = co_await net::resolve(std::move(name));
  if (!found) co_return;  // whoever dials it says so
  boost::json::array addresses;
  for (const auto& one : *found) {
    addresses.emplace_back(one.address().to_string());
    if (addresses.back() == boost::json::value(to.original)) co_return;
  }
  log::write(log::level::info, "destination-differs",
             "the client connected to " + to.original + ", which is no address of " + to.origin.host +
                 " here; the registry is reached by its name",
             {{"mode", mode_},
              {"client", peer_},
              {"registry", registry::to_text(to.registry)},
              {"original", to.original},
              {"addresses", std::move(addresses)}});
}

async::task<void> session::splice(target to, snapshot_ptr from, decision made, std::string remark) {
  net::dial_target where;
  where.host = to.origin.host;
  where.address = to.original;
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
    diagnosis::failed_step why(reached.error());
    co_await turn_away(std::move(to), std::move(why), "tunnel");
    co_return;
  }
  around_.shared.stores.tunnelled_hosts.add(http::authority(to.origin));
  ++around_.shared.load.busy;
  around_.shared.stores.own_ends.add(reached->own_end);
  auto moved = co_await run_tunnel(*client_, *reached->wire, around_.shared.tunnel_idle);
  around_.shared.stores.own_ends.remove(reached->own_end);
  --around_.shared.load.busy;
  boost::json::object more{{"mode", mode_},
                           {"client", peer_},
                           {"host", http::authority(to.origin)},
                           {"address", reached->address},
                           {"bytes_in", moved.up},
                           {"bytes_out", moved.down}};
  if (!remark.empty()) more["remark"] = remark;
  log::write(log::level::info, "tunnel", "passed through to " + http::authority(to.origin), more);
}

// The client speaks to somebody else, so there is no HTTP to answer in; TLS clients understand an alert.
async::task<void> session::turn_away(target to, diagnosis::step why, std::string_view event) {
  auto seen = about(http::request_head(), &to);
  diagnosis::add(seen, 0, std::move(why));
  conclude(0, seen, event);
  if (to.came_by != target::way::captured_tls) co_return;
  timer_.set(phase::tls, around_.bounds.idle_for);
  auto written = co_await net::write_one(*client_, access_denied);
  if (written) co_await linger();
}

async::task<void> session::serve_captured_http(net_endpoint original) {
  server front(*client_, around_.bounds, timer_);
  for (;;) {
    co_await front.wait();
    auto more = co_await serve_captured_request(front, original);
    if (!more) co_return;
  }
}

async::task<bool> session::serve_captured_request(server& front, const net_endpoint& original) {
  auto got = co_await front.next();
  if (!got) {
    co_await refuse_unreadable(got.error(), std::string());
    co_return false;
  }
  if (meant_for_a_proxy(front.head())) {
    log::write(log::level::info, "captured-proxy",
               "a request to the proxy at " + net::shown(original) + " was captured: regpass serves it itself",
               {{"mode", mode_}, {"client", peer_}, {"proxy", net::shown(original)}});
    auto more = co_await serve_head(front, front.head());
    co_return more;
  }
  const auto to = captured_http(front.head(), original);
  if (!to) {
    auto seen = about(front.head(), nullptr);
    diagnosis::add(seen, 0, clients_fault(errc::bad_message, to.error().detail));
    co_await refuse(421, std::move(seen), "client-rejected");
    co_return false;
  }
  if (runs_in_circles(front.head())) {
    auto seen = about(front.head(), &*to);
    diagnosis::add(seen, 0,
                   clients_fault(errc::bad_message, "the request has come through regpass too often: it loops"));
    co_await refuse(508, std::move(seen), "client-rejected");
    co_return false;
  }
  auto more = co_await serve_target(front, front.head(), *to);
  co_return more;
}

}  // namespace regpass::forward
