// What is asked for the explanation only, once, when a HEAD was refused: the words that it cannot bring.
#include "forward/exchange/forwarding.hpp"
#include "regpass/http/content_coding.hpp"

namespace regpass::forward {

namespace {

// A registry's error body is shorter; should the GET succeed, no blob is read for an explanation.
constexpr std::size_t reason_cap = 4 * 1024;
constexpr std::size_t decoded_cap = 64 * 1024;

bool is_refusal(int status) {
  return status == 400 || status == 401 || status == 403;
}

}  // namespace

// A GET that is refused is no pull, on Docker Hub neither.
async::task<void> forwarding::ask_for_reason(const http::response_head& refused) {
  const bool has_body = asked().method != "HEAD";
  if (has_body || !is_refusal(refused.status) || !operation_ || !sent_) co_return;
  const bool content =
      operation_->endpoint == registry::endpoint::manifest || operation_->endpoint == registry::endpoint::blob;
  if (!content) co_return;
  asked_for_reason_ = true;
  co_await call_.discard();
  auto head = head_;
  head.method = "GET";
  const bool bare = sent_->how == auth::send::with::bare;
  const auto shown = bare ? "none" : sent_->how == auth::send::with::basic ? "basic" : "bearer";
  notes_.explaining(true);
  auto answer = co_await call_.send(head, shown, false, false);
  if (answer) {
    const auto challenges = auth::challenges_of(answer->headers);
    notes_.answered(*answer, challenges ? auth::requirement_of(*challenges) : std::nullopt);
    if (answer->status >= 400) {
      const auto body = co_await call_.excerpt(reason_cap);
      const auto words = http::decode_content(answer->headers, body, decoded_cap);
      if (words) notes_.said(*words);
    }
  }
  notes_.explaining(false);
}

}  // namespace regpass::forward
