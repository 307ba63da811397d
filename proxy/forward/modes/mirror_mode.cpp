#include "forward/modes/mirror_mode.hpp"

#include "diagnosis/present/annotate.hpp"
#include "forward/exchange/exchange_runner.hpp"
#include "forward/modes/mirror_request.hpp"
#include "forward/session/http2.hpp"
#include "forward/session/refusal.hpp"
#include "regpass/base/log.hpp"
#include "regpass/http/h2_codec.hpp"
#include "regpass/net/listener.hpp"

namespace regpass::forward {

namespace {

constexpr std::size_t max_first_bytes = 4096;
constexpr std::string_view tls_handshake = "\x16\x03";  // a record's type and major version (RFC 8446 section 5.1)

bool begins_http2(std::string_view bytes) {
  return bytes.starts_with(http::h2_preface);
}

bool may_become_http2(std::string_view bytes) {
  return !begins_http2(bytes) && http::h2_preface.starts_with(bytes);
}

// As many as it takes to recognise the protocol.
async::task<std::string> first_bytes(connection& client) {
  std::string bytes;
  client.timer.set(phase::idle, client.context.bounds.idle_for);
  const auto spoke = co_await client.stream->wait_readable();
  if (!spoke) co_return bytes;
  std::string piece(max_first_bytes, '\0');
  while (may_become_http2(bytes)) {
    auto got = co_await client.stream->read_some(piece);
    if (!got || *got == 0) break;
    bytes.append(piece, 0, *got);
  }
  client.timer.clear();
  co_return bytes;
}

// containers/image and dockerd try TLS first at a registry that may be insecure, and repeat the request without TLS
// once they have read a response that is not TLS. Nothing is wrong, so this is logged at debug level only.
async::task<void> decline_tls(connection& client) {
  const auto evidence = client.evidence_for(http::request_head(), nullptr);
  constexpr std::string_view reason = "the client tried TLS at a mirror, which speaks plain HTTP";
  log::write(log::level::debug, "client-rejected", std::string(reason), {{"id", evidence.id}, {"client", client.peer}});
  auto response = diagnosis::make_plain_error(400, reason, evidence.id);
  response.head.headers.set("Connection", "close");
  const auto bytes = http::write_head(response.head) + response.body;
  client.timer.set(phase::head, client.context.bounds.idle_for);
  auto written = co_await net::write_one(*client.stream, bytes);
  if (written) co_await client.linger();
}

// What a request to a mirror gets.
struct verdict {
  enum class kind : std::uint8_t {
    close,  // a reload removed the mirror; only a restart closes its port
    ping,
    refuse,
    forward
  };
  kind action = kind::close;
  int status = 0;                // refuse
  diagnosis::evidence evidence;  // refuse
  std::string_view event;        // refuse
  exchange_request request;      // forward
};

verdict refusal_of(const connection& client, int status, const http::request_head& head, const mirror_entry& mirror,
                   diagnosis::step why) {
  verdict refused;
  refused.action = verdict::kind::refuse;
  refused.status = status;
  refused.event = "policy-refused";
  refused.evidence = client.evidence_for(head, nullptr);
  refused.evidence.registry = registry::to_text(mirror.options.registry);
  diagnosis::add(refused.evidence, 0, std::move(why));
  return refused;
}

// The refusal does not mention the prefix, which may be there to keep other clients out.
verdict refusal_of_target(const connection& client, const http::request_head& head, const mirror_entry& mirror,
                          error problem) {
  if (problem.code == errc::not_found) {
    diagnosis::policy_step why{problem.detail, "write the `path` of its [[mirror]] before or behind /v2"};
    return refusal_of(client, 404, head, mirror, std::move(why));
  }
  problem.who = party::client;
  auto refused = refusal_of(client, 400, head, mirror, diagnosis::failed_step{std::move(problem)});
  refused.event = "client-rejected";
  return refused;
}

verdict judge(const connection& client, const http::request_head& received, const std::string& key) {
  const auto snapshot = client.context.shared.current();
  const auto found = snapshot->mirrors.find(key);
  if (found == snapshot->mirrors.end()) return {};
  const auto& mirror = found->second;
  auto head = received;
  const auto call = parse_mirror_request(head, mirror.options.path);
  if (!call) return refusal_of_target(client, received, mirror, call.error());
  if (const auto refused = check_caller(received, *call, mirror, *snapshot)) {
    return refusal_of(client, 403, head, mirror, diagnosis::policy_step{refused->why, refused->remedy});
  }
  verdict allowed;
  if (call->bare_ping) {
    allowed.action = verdict::kind::ping;
    return allowed;
  }
  const auto decided = decide_mirror_request(*call, mirror, *snapshot);
  if (decided.action == decision::what::refuse) {
    return refusal_of(client, 403, head, mirror, diagnosis::policy_step{decided.why, decided.remedy});
  }
  allowed.action = verdict::kind::forward;
  auto& request = allowed.request;
  request.target = mirror_target(*decided.registry);
  request.head = std::move(head);
  request.registry = decided.registry;
  request.snapshot = snapshot;
  request.client = client.peer;
  request.mode = client.mode;
  request.seen_as = mirror_facade(*call, mirror, request.target);
  return allowed;
}

diagnosis::annotated pong() {
  diagnosis::annotated response;
  response.body = "{}";
  response.head.status = 200;
  response.head.reason = http::reason_phrase(200);
  response.head.headers.add("Content-Type", "application/json");
  response.head.headers.add("Docker-Distribution-Api-Version", "registry/2.0");
  return response;
}

async::task<void> answer(connection& client, verdict judged, transport::downstream& exchange) {
  switch (judged.action) {
    case verdict::kind::close:
      break;
    case verdict::kind::ping: {
      auto response = pong();
      co_await respond(exchange, std::move(response));
      break;
    }
    case verdict::kind::refuse: {
      auto response = refusal_response(client, judged.status, std::move(judged.evidence), judged.event);
      co_await respond(exchange, std::move(response));
      break;
    }
    case verdict::kind::forward:
      co_await run_exchange(client.context, std::move(judged.request), exchange);
      break;
  }
}

async::task<bool> serve_request(connection& client, transport::h1_server& server, const std::string& key) {
  auto received = co_await server.next();
  if (!received) {
    co_await refuse_unreadable(client, received.error(), std::string());
    co_return false;
  }
  auto judged = judge(client, server.head(), key);
  if (judged.action == verdict::kind::close) co_return false;
  if (judged.action == verdict::kind::refuse) {
    co_await refuse(client, judged.status, std::move(judged.evidence), judged.event);
    co_return false;
  }
  co_await answer(client, std::move(judged), server);
  auto drained = co_await server.drain();
  const bool more = drained && server.reusable();
  co_return more;
}

async::task<void> serve_http1(connection& client, const std::string& key) {
  transport::h1_server server(*client.stream, client.context.bounds, client.timer);
  for (bool more = true; more;) {
    co_await server.wait();
    more = co_await serve_request(client, server, key);
  }
}

}  // namespace

result<std::vector<listen_point>> mirror_mode::plan(const options::listen_options& /*listen*/,
                                                    const std::vector<mirror_options>& mirrors) {
  std::vector<listen_point> points;
  for (const auto& mirror : mirrors) {
    if (mirror.listen.empty()) continue;
    const auto at = net::parse_endpoint(mirror.listen);
    if (!at) return std::unexpected(at.error());
    points.push_back({std::make_shared<mirror_mode>(mirror.listen), *at});
  }
  return points;
}

async::task<void> mirror_mode::serve(connection& client) const {
  auto first = co_await first_bytes(client);
  const bool http2 = begins_http2(first);
  if (first.starts_with(tls_handshake)) {
    co_await decline_tls(client);
    co_return;
  }
  if (first.empty()) co_return;
  client.unread(std::move(first));
  if (!http2) {
    co_await serve_http1(client, key_);
    co_return;
  }
  transport::h2_server::handler serve_stream = [&client, this](transport::downstream& exchange) {
    return answer(client, judge(client, exchange.head(), key_), exchange);
  };
  co_await serve_http2(client, std::move(serve_stream), nullptr);
}

}  // namespace regpass::forward
