#include "forward/session/refusal.hpp"

#include "forward/record/http_status.hpp"
#include "forward/session/client_auth.hpp"
#include "regpass/base/log.hpp"
#include "regpass/diagnosis/diagnose.hpp"
#include "regpass/forward/report.hpp"

#include <array>

namespace regpass::forward {

namespace {

void log_refusal(std::string_view event, const diagnosis::evidence& evidence,
                 const std::optional<diagnosis::explanation>& explained) {
  boost::json::object fields{{"id", evidence.id},
                             {"mode", evidence.mode},
                             {"client", evidence.client},
                             {"registry", evidence.registry},
                             {"method", evidence.method}};
  if (explained) add_explained(fields, evidence, *explained);
  log::write(log::level::warn, event, explained ? explained->summary : "the request was refused", fields);
}

}  // namespace

diagnosis::failed_step client_error(errc code, std::string detail) {
  return diagnosis::failed_step{error(code, party::client, phase::head, std::move(detail), 0, false)};
}

std::optional<diagnosis::explanation> record_refusal(connection& client, int status, diagnosis::evidence& evidence,
                                                     std::string_view event) {
  evidence.status = status;
  auto explained = diagnosis::diagnose(evidence);
  auto& shared = client.context.shared;
  auto record = std::make_shared<const exchange_record>(exchange_record{evidence, explained});
  shared.metrics.exchange(*record, shared.current()->knows(evidence.registry));
  const auto reason = explained ? std::string_view(explained->cause) : event;
  if (!should_report(client.context, client.peer, reason)) return explained;
  log_refusal(event, evidence, explained);
  shared.history.add(std::move(record));
  return explained;
}

diagnosis::annotated refusal_response(connection& client, int status, diagnosis::evidence evidence,
                                      std::string_view event) {
  const auto explained = record_refusal(client, status, evidence, event);
  if (explained) return diagnosis::make_error(status, *explained, evidence.id);
  return diagnosis::make_plain_error(status, "the request was refused; the log of regpass says why", evidence.id);
}

async::task<void> refuse(connection& client, int status, diagnosis::evidence evidence, std::string_view event) {
  const bool bodiless = evidence.method == "HEAD";
  auto response = refusal_response(client, status, std::move(evidence), event);
  response.head.headers.set("Connection", "close");
  if (status == 407) response.head.headers.set("Proxy-Authenticate", proxy_challenge);
  const auto head = http::write_head(response.head);
  const std::string_view body = bodiless ? std::string_view() : std::string_view(response.body);
  const std::array<std::string_view, 2> parts(std::to_array<std::string_view>({head, body}));
  client.timer.set(phase::head, client.context.bounds.idle_for);
  auto written = co_await client.stream->write_all(parts);
  if (written) co_await client.linger();
}

async::task<void> refuse_unreadable(connection& client, error problem, std::string registry) {
  if (problem.code == errc::closed || problem.code == errc::reset || problem.code == errc::cancelled) co_return;
  if (client.timer.expired()) co_return;  // the stream is closed already
  problem.who = party::client;
  auto evidence = client.evidence_for(http::request_head(), nullptr);
  evidence.registry = std::move(registry);
  const int status = http_status_for(problem, failed_operation::client_request);
  diagnosis::add(evidence, 0, diagnosis::failed_step{std::move(problem)});
  co_await refuse(client, status, std::move(evidence), "client-rejected");
}

async::task<void> respond(transport::downstream& exchange, diagnosis::annotated response) {
  const http::framing counted{.how = http::framing::kind::counted, .length = response.body.size()};
  auto sent = co_await exchange.respond(std::move(response.head), counted);
  if (sent) sent = co_await exchange.write(response.body);
  if (sent) co_await exchange.finish(http::fields());
}

}  // namespace regpass::forward
