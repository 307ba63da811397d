#include "forward/session/intercepted_requests.hpp"

#include "forward/exchange/exchange_runner.hpp"
#include "forward/session/http2.hpp"
#include "forward/session/interception.hpp"
#include "forward/session/refusal.hpp"

namespace regpass::forward {

namespace {

constexpr auto linger_for_close = std::chrono::seconds{2};

// Host must name the host of the CONNECT or of SNI; otherwise a request could carry one registry's token to another
// (T20).
bool names_target(const http::request_head& head, const target& to) {
  const auto host = head.headers.get("Host");
  if (!host) return false;
  const auto parts = http::parse_authority(*host, http::default_port(to.origin.scheme));
  return parts && parts->host == to.origin.host && parts->port == to.origin.port;
}

diagnosis::evidence misdirected(const connection& client, const http::request_head& head, const target& to) {
  const std::string named = to.came_by == target::way::connect ? "CONNECT did" : "the client's TLS was begun with";
  auto evidence = client.evidence_for(head, &to);
  diagnosis::add(evidence, 0, client_error(errc::bad_message, "Host names another host than " + named));
  return evidence;
}

// Without `registry` when a reload has removed it since the client connected: nothing may be injected any more.
exchange_request request_for(connection& client, const http::request_head& head, const target& to) {
  exchange_request request;
  request.target = to;
  request.snapshot = client.context.shared.current();
  request.registry = request.snapshot->find(to.registry);
  request.client = client.peer;
  request.mode = client.mode;
  request.may_be_step = client.context.shared.steps.suspects(client.traits, head, request.snapshot->clients.builder);
  return request;
}

async::task<void> serve_stream(connection& client, transport::downstream& exchange) {
  const auto& to = *client.interception.established;
  if (!names_target(exchange.head(), to)) {
    auto evidence = misdirected(client, exchange.head(), to);
    auto response = refusal_response(client, 421, std::move(evidence), "client-rejected");
    co_await respond(exchange, std::move(response));
    co_return;
  }
  auto request = request_for(client, exchange.head(), to);
  if (request.registry) co_await run_exchange(client.context, std::move(request), exchange);
}

}  // namespace

async::task<bool> serve_intercepted_request(connection& client, transport::h1_server& server) {
  const auto& to = *client.interception.established;
  auto received = co_await server.next();
  if (!received && received.error().code == errc::distrusted) {
    report_rejected_tls(client, to, received.error());
    co_return false;
  }
  if (!received) {
    auto registry = registry::to_text(to.registry);
    co_await refuse_unreadable(client, received.error(), std::move(registry));
    co_return false;
  }
  if (!names_target(server.head(), to)) {
    auto evidence = misdirected(client, server.head(), to);
    co_await refuse(client, 421, std::move(evidence), "client-rejected");
    co_return false;
  }
  auto request = request_for(client, server.head(), to);
  if (!request.registry) co_return false;
  co_await run_exchange(client.context, std::move(request), server);
  auto drained = co_await server.drain();
  if (drained && server.reusable()) co_return true;
  if (server.continue_unanswered()) {
    co_await client.linger();
    co_return false;
  }
  client.timer.set(phase::idle, linger_for_close);
  co_await client.stream->shut_write();
  co_return false;
}

async::task<void> serve_intercepted_http2(connection& client) {
  transport::h2_server::handler serve = [&client](transport::downstream& exchange) {
    return serve_stream(client, exchange);
  };
  co_await serve_http2(client, std::move(serve), client.interception.established.get());
}

}  // namespace regpass::forward
