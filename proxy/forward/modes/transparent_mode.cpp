#include "forward/modes/transparent_mode.hpp"

#include "forward/modes/proxied_request.hpp"
#include "forward/modes/redirected.hpp"
#include "forward/services/refusal_limiter.hpp"
#include "forward/session/interception.hpp"
#include "forward/session/refusal.hpp"
#include "forward/session/tunnel.hpp"
#include "net/original_destination.hpp"
#include "regpass/base/log.hpp"
#include "regpass/net/dial.hpp"
#include "regpass/net/endpoint.hpp"
#include "regpass/net/listener.hpp"

#include <optional>

namespace regpass::forward {

namespace {

constexpr std::size_t read_at_once = 4096;
// A fatal alert, access_denied (RFC 8446 section 6): the only explanation a client understands whose TLS regpass does
// not terminate.
constexpr std::string_view access_denied("\x15\x03\x03\x00\x02\x02\x31", 7);

std::string remark_on(const tls::client_hello& hello) {
  if (hello.encrypted) return "the ClientHello is encrypted, or pretends to be: its server name may be a decoy";
  return hello.server_name.empty() ? "the ClientHello names no server" : "";
}

// Reads until the protocol is clear, and returns the bytes to the next reader. need_more: there is nothing to serve.
async::task<detected_protocol> look_ahead(connection& client) {
  std::string bytes;
  detected_protocol first;
  client.timer.set(phase::head, client.context.bounds.head_within);
  const auto spoke = co_await client.stream->wait_readable();
  if (!spoke) co_return first;
  std::string piece(read_at_once, '\0');
  while (first.what == detected_protocol::kind::need_more) {
    auto got = co_await client.stream->read_some(piece);
    if (!got) break;
    if (*got == 0 && !bytes.empty()) first.what = detected_protocol::kind::other;
    if (*got == 0) break;
    bytes.append(piece, 0, *got);
    first = detect_protocol(bytes);
  }
  client.timer.clear();
  client.unread(std::move(bytes));
  co_return first;
}

// The client speaks a protocol to another host, so no HTTP response is possible; TLS clients understand an alert.
async::task<void> turn_away(connection& client, target to, diagnosis::step why, std::string_view event) {
  auto evidence = client.evidence_for(http::request_head(), &to);
  diagnosis::add(evidence, 0, std::move(why));
  record_refusal(client, 0, evidence, event);
  if (to.came_by != target::way::redirected_tls) co_return;
  client.timer.set(phase::tls, client.context.bounds.idle_for);
  auto written = co_await net::write_one(*client.stream, access_denied);
  if (written) co_await client.linger();
}

async::task<void> tunnel(connection& client, target to, snapshot_ptr snapshot, decision decided, std::string remark) {
  auto reached = co_await dial_for_tunnel(client, to, decided, snapshot);
  if (!reached && reached.error().code == errc::cancelled) co_return;
  if (!reached) {
    diagnosis::failed_step why(reached.error());
    co_await turn_away(client, std::move(to), std::move(why), "tunnel");
    co_return;
  }
  auto& shared = client.context.shared;
  count_opened_tunnel(client, to);
  shared.stores.own_ends.add(reached->own_end);
  auto moved = co_await run_tunnel(*client.stream, *reached->wire, shared.tunnel_idle);
  shared.stores.own_ends.remove(reached->own_end);
  log_closed_tunnel(client, to, *reached, moved, "passed through to", remark);
}

// Registries with many addresses make a difference ordinary, and so do clients with another resolver. It is logged all
// the same, because a client may also have sent a registry's name to a host of its own.
async::task<void> compare_addresses(connection& client, target to) {
  net::dial_target name;
  name.host = to.origin.host;
  name.port = to.origin.port;
  name.within = client.context.bounds.connect_within;
  auto resolved = co_await net::resolve(std::move(name));
  if (!resolved) co_return;  // dialling the registry will report it
  boost::json::array addresses;
  for (const auto& endpoint : *resolved) {
    addresses.emplace_back(endpoint.address().to_string());
    if (addresses.back() == boost::json::value(to.original)) co_return;
  }
  log::write(log::level::info, "destination-differs",
             "the client connected to " + to.original + ", which is no address of " + to.origin.host +
                 " here; the registry is reached by its name",
             {{"mode", client.mode},
              {"client", client.peer},
              {"registry", registry::to_text(to.registry)},
              {"original", to.original},
              {"addresses", std::move(addresses)}});
}

// The registry is reached by its name and must prove its identity: of the address that the client connected to, only
// the port counts (T20).
async::task<void> intercept(connection& client, target to, snapshot_ptr snapshot, decision decided) {
  auto leaf = leaf_for(client, to, decided);
  if (!leaf && !leaf.error().bypass.empty()) {
    auto remark = std::move(leaf.error().bypass);
    co_await tunnel(client, std::move(to), std::move(snapshot), std::move(decided), std::move(remark));
    co_return;
  }
  if (!leaf) {
    auto refusal = std::move(leaf.error().refusal);
    co_await turn_away(client, std::move(to), std::move(refusal), "policy-refused");
    co_return;
  }
  client.background = std::make_unique<async::task_group>(client.context.on);
  client.background->spawn(compare_addresses(client, to), "comparing addresses");
  expect_tls(client, std::move(*leaf), std::move(to));
}

async::task<void> serve_tls(connection& client, target to, std::string remark) {
  const auto snapshot = client.context.shared.current();
  const auto decided = decide(to, *snapshot);
  switch (decided.action) {
    case decision::what::refuse: {
      diagnosis::policy_step why(decided.why, decided.remedy);
      co_await turn_away(client, std::move(to), std::move(why), "policy-refused");
      break;
    }
    case decision::what::intercept:
      co_await intercept(client, std::move(to), snapshot, decided);
      break;
    case decision::what::tunnel:
    case decision::what::pass:
      co_await tunnel(client, std::move(to), snapshot, decided, std::move(remark));
      break;
  }
}

async::task<bool> serve_request(connection& client, transport::h1_server& server) {
  auto received = co_await server.next();
  if (!received) {
    co_await refuse_unreadable(client, received.error(), std::string());
    co_return false;
  }
  const auto& original = client.original_destination;
  if (is_proxy_request(server.head())) {
    const auto proxy = net::shown(original);
    log::write(log::level::info, "captured-proxy",
               "a request to the proxy at " + proxy + " was redirected: regpass serves it itself",
               {{"mode", client.mode}, {"client", client.peer}, {"proxy", proxy}});
    auto more = co_await serve_proxy_request(client, server, server.head());
    co_return more;
  }
  const auto to = redirected_http(server.head(), original);
  if (!to) {
    auto evidence = client.evidence_for(server.head(), nullptr);
    diagnosis::add(evidence, 0, client_error(errc::bad_message, to.error().detail));
    co_await refuse(client, 421, std::move(evidence), "client-rejected");
    co_return false;
  }
  if (is_forwarding_loop(server.head())) {
    auto evidence = client.evidence_for(server.head(), &*to);
    diagnosis::add(evidence, 0,
                   client_error(errc::bad_message, "the request has come through regpass too often: it loops"));
    co_await refuse(client, 508, std::move(evidence), "client-rejected");
    co_return false;
  }
  auto more = co_await serve_request_to(client, server, server.head(), *to);
  co_return more;
}

async::task<void> serve_http(connection& client) {
  transport::h1_server server(*client.stream, client.context.bounds, client.timer);
  for (bool more = true; more;) {
    co_await server.wait();
    more = co_await serve_request(client, server);
  }
}

std::optional<boost::asio::ip::tcp::endpoint> ipv6_counterpart(const boost::asio::ip::tcp::endpoint& at) {
  if (at.address() != boost::asio::ip::address_v4::loopback()) return std::nullopt;
  return boost::asio::ip::tcp::endpoint(boost::asio::ip::address_v6::loopback(), at.port());
}

}  // namespace

result<std::vector<listen_point>> transparent_mode::plan(const options::listen_options& listen,
                                                         const std::vector<mirror_options>& /*mirrors*/) {
  std::vector<listen_point> points;
  if (listen.transparent.empty()) return points;
  const auto at = net::parse_endpoint(listen.transparent);
  if (!at) return std::unexpected(at.error());
  const auto mode = std::make_shared<transparent_mode>();
  points.push_back({mode, *at});
  if (const auto counterpart = ipv6_counterpart(*at)) points.push_back({mode, *counterpart, false});
  return points;
}

void transparent_mode::accept(accepted_connection accepted) const {
  boost::system::error_code disconnected;
  const auto local = accepted.socket.local_endpoint(disconnected);
  const auto original = net::original_destination(accepted.socket);
  const auto judged = original ? check_redirection(*original, local, accepted.own_listeners)
                               : result<void>(std::unexpected(original.error()));
  if (!judged) {
    if (!should_report(accepted.context, accepted.peer, "captured by mistake")) return;
    log::write(log::level::warn, "client-rejected", judged.error().detail,
               {{"mode", name()}, {"client", accepted.peer}, {"listener", net::shown(local)}});
    return;
  }
  auto stream = net::make_tcp_stream(std::move(accepted.socket), party::client);
  auto session = session_for(accepted.context, std::move(stream), std::move(accepted.peer), *original);
  async::spawn(accepted.context.on, std::move(session), "redirected session");
}

async::task<void> transparent_mode::serve(connection& client) const {
  const auto original = client.original_destination;
  auto first = co_await look_ahead(client);
  if (client.context.shared.stores.own_ends.contains(client.peer)) {
    auto to = redirected_opaque(original);
    diagnosis::policy_step why("the connection is one of regpass's own, redirected back to it",
                               "give `regpass redirect apply` the --uid that regpass runs as");
    co_await turn_away(client, std::move(to), std::move(why), "client-rejected");
  } else if (first.what == detected_protocol::kind::tls) {
    co_await serve_tls(client, redirected_tls(first.hello, original), remark_on(first.hello));
  } else if (first.what == detected_protocol::kind::http) {
    co_await serve_http(client);
  } else if (first.what == detected_protocol::kind::other) {
    co_await serve_tls(client, redirected_opaque(original), "neither TLS nor HTTP can be read in it");
  }
}

}  // namespace regpass::forward
