#include "forward/exchange/answer_writer.hpp"

#include "forward/exchange/upstream_head.hpp"

#include <utility>

namespace regpass::forward {

facade answer_writer::shown_as() const {
  return request_.seen_as.value_or(facade{.registry = request_.target.origin, .shown = request_.target.origin});
}

async::task<bool> answer_writer::relay(http::response_head head, const forward::relay& order) {
  const auto body_framing = call_.response_body();
  if (request_.registry) rewrite_references(head.headers, shown_as(), asked_.target);
  downstream_head(head, order.hide_challenge);
  auto answered = co_await down_.respond(std::move(head), body_framing);
  if (answered && order.without_body) {
    answered = co_await down_.finish(http::fields());  // the call holds another response; this one has no body
  } else if (answered) {
    answered = co_await call_.relay();
  }
  if (answered || down_.delivered()) co_return true;
  notes_.seen().status = 0;
  notes_.failed(answered.error());
  co_return false;
}

diagnosis::refused_answer answer_writer::refused_answer(http::response_head head,
                                                        std::optional<std::string> body) const {
  rewrite_references(head.headers, shown_as(), asked_.target);
  if (body) *body = notes_.secrets().relayed(*body);
  diagnosis::refused_answer original{std::move(head.headers), std::move(body)};
  if (asked_.method == "HEAD") original.body.emplace();
  return original;
}

async::task<void> answer_writer::write_error(int status, const diagnosis::explanation* reason,
                                             diagnosis::refused_answer original) {
  const auto& id = notes_.seen().id;
  auto answer = reason != nullptr ? diagnosis::make_error(status, *reason, id, original)
                                  : diagnosis::make_plain_error(
                                        status, "the request was refused; the log of regpass says why", id, original);
  if (status == 503 && answer.head.headers.count("Retry-After") == 0) answer.head.headers.add("Retry-After", "1");
  if (answer.body_as_received) {
    co_await relay_refusal(std::move(answer.head));
  } else {
    co_await write(std::move(answer.head), answer.body);
  }
}

// The registry's body as it came, behind a head that explains it.
async::task<void> answer_writer::relay_refusal(http::response_head head) {
  const auto body_framing = call_.response_body();
  auto answered = co_await down_.respond(std::move(head), body_framing);
  if (answered) answered = co_await call_.relay();
  if (answered) co_return;
  notes_.seen().status = 0;
  notes_.failed(answered.error());
}

async::task<void> answer_writer::write_postponed(int status, const diagnosis::explanation& reason) {
  http::response_head head;
  head.status = status;
  head.reason = http::reason_phrase(status);
  head.headers.add("Content-Type", "application/json");
  head.headers.add("Docker-Distribution-Api-Version", "registry/2.0");
  head.headers.add("X-Regpass-Cause", reason.cause);
  head.headers.add("X-Regpass-Id", notes_.seen().id);
  head.headers.add("Warning", diagnosis::warning_value(reason, notes_.seen().id));
  const std::string_view empty_object = status == 200 ? "{}" : "";
  co_await write(std::move(head), empty_object);
}

async::task<void> answer_writer::write(http::response_head head, std::string_view body) {
  const http::framing counted{.how = http::framing::kind::counted, .length = body.size()};
  auto written = co_await down_.respond(std::move(head), counted);
  if (written) written = co_await down_.write_last(body, http::fields());
  if (written || down_.delivered()) co_return;
  notes_.failed(written.error());
}

}  // namespace regpass::forward
