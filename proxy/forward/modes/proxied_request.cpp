#include "forward/modes/proxied_request.hpp"

#include "forward/exchange/exchange_runner.hpp"
#include "forward/record/http_status.hpp"
#include "forward/session/interception.hpp"
#include "forward/session/refusal.hpp"
#include "forward/session/tunnel.hpp"
#include "net/own_address.hpp"
#include "regpass/base/text.hpp"
#include "regpass/net/listener.hpp"

namespace regpass::forward {

namespace {

constexpr std::size_t max_agent_length = 64;
constexpr std::string_view established_line = "HTTP/1.1 200 Connection established\r\n\r\n";

bool is_on_this_machine(const std::string& peer) {
  const auto endpoint = net::parse_endpoint(peer);
  return endpoint && net::is_own_address(endpoint->address());
}

// Answers the CONNECT. The client may have sent the beginning of its TLS already, which the next reader gets.
async::task<void> confirm_tunnel(connection& client, transport::h1_server& server) {
  auto rest = server.take_unread();
  client.timer.set(phase::head, client.context.bounds.head_within);
  auto written = co_await net::write_one(*client.stream, established_line);
  client.timer.clear();
  if (!written) client.stream->close();
  client.unread(std::move(rest));
}

async::task<void> tunnel(connection& client, transport::h1_server& server, target to, snapshot_ptr snapshot,
                         decision decided, std::string remark) {
  auto reached = co_await dial_for_tunnel(client, to, decided, snapshot);
  if (!reached && reached.error().code == errc::cancelled) co_return;
  if (!reached) {
    const int status = http_status_for(reached.error(), failed_operation::tunnel);
    auto evidence = client.evidence_for(server.head(), &to);
    diagnosis::add(evidence, 0, diagnosis::failed_step{reached.error()});
    co_await refuse(client, status, std::move(evidence), "tunnel");
    co_return;
  }
  count_opened_tunnel(client, to);
  co_await confirm_tunnel(client, server);
  auto moved = co_await run_tunnel(*client.stream, *reached->wire, client.context.shared.tunnel_idle);
  log_closed_tunnel(client, to, *reached, moved, "tunnelled to", remark);
}

async::task<void> intercept(connection& client, transport::h1_server& server, target to, snapshot_ptr snapshot,
                            decision decided) {
  const auto agent = server.head().headers.get("User-Agent");
  if (agent && is_only_observed(decided.registry)) client.interception.user_agent = clean(*agent, max_agent_length);
  auto leaf = leaf_for(client, to, decided);
  if (!leaf && !leaf.error().bypass.empty()) {
    auto remark = std::move(leaf.error().bypass);
    co_await tunnel(client, server, std::move(to), std::move(snapshot), std::move(decided), std::move(remark));
    co_return;
  }
  if (!leaf) {
    auto evidence = client.evidence_for(server.head(), &to);
    diagnosis::add(evidence, 0, std::move(leaf.error().refusal));
    co_await refuse(client, 403, std::move(evidence), "policy-refused");
    co_return;
  }
  co_await confirm_tunnel(client, server);
  expect_tls(client, std::move(*leaf), std::move(to));
}

async::task<bool> exchange_in_clear(connection& client, transport::h1_server& server, http::request_head head,
                                    target to, decision decided, snapshot_ptr snapshot) {
  exchange_request request;
  request.target = decided.upgrade ? over_tls(to) : to;
  if (decided.upgrade) request.seen_as = facade{.registry = request.target.origin, .shown = to.origin};
  request.registry = decided.registry;
  request.snapshot = std::move(snapshot);
  request.client = client.peer;
  request.mode = client.mode;
  const auto builder = request.snapshot->clients.builder;
  request.may_be_step = request.registry && client.context.shared.steps.suspects(client.traits, head, builder);
  request.head = std::move(head);
  co_await run_exchange(client.context, std::move(request), server);
  auto drained = co_await server.drain();
  const bool hostile = !drained && drained.error().code == errc::bad_message;
  if (hostile || server.continue_unanswered()) co_await client.linger();
  const bool reusable = drained && server.reusable();
  co_return reusable;
}

}  // namespace

async::task<bool> serve_request_to(connection& client, transport::h1_server& server, http::request_head head,
                                   target to) {
  const auto snapshot = client.context.shared.current();
  const auto decided = decide(to, *snapshot, !to.tls() && is_on_this_machine(client.peer));
  if (decided.action == decision::what::refuse) {
    auto evidence = client.evidence_for(head, &to);
    diagnosis::add(evidence, 0, diagnosis::policy_step{decided.why, decided.remedy});
    co_await refuse(client, 403, std::move(evidence), "policy-refused");
    co_return false;
  }
  if (!to.tls()) {
    auto more = co_await exchange_in_clear(client, server, std::move(head), std::move(to), decided, snapshot);
    co_return more;
  }
  if (decided.action == decision::what::tunnel) {
    co_await tunnel(client, server, std::move(to), snapshot, decided, std::string());
  } else {
    co_await intercept(client, server, std::move(to), snapshot, decided);
  }
  co_return false;
}

async::task<bool> serve_proxy_request(connection& client, transport::h1_server& server, http::request_head head) {
  const auto to = parse_proxy_target(head);
  if (!to) {
    co_await refuse_unreadable(client, to.error(), std::string());
    co_return false;
  }
  auto more = co_await serve_request_to(client, server, std::move(head), *to);
  co_return more;
}

}  // namespace regpass::forward
