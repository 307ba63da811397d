// What token servers answer (T13).
#include "fuzz.hpp"
#include "regpass/auth/token.hpp"

#include <algorithm>

using namespace regpass;

namespace {

auth::token_request question() {
  auth::token_request made;
  made.realm = {{"https", "auth.test", 443}, "/token"};
  made.scopes = registry::scope_set(registry::repository_scope("team-a/app", {"pull", "push"}));
  made.credential = std::make_shared<auth::credential>(
      auth::credential{auth::credential_kind::basic, "alice", secret("canary-password"), "file", "key", 1});
  return made;
}

void check(const auth::token_answer& got) {
  fuzz::promise((got.token != nullptr) != got.failure.has_value(), "there is a token, or a reason why not");
  if (got.failure) {
    const auto& message = got.failure->message;
    fuzz::promise(message.find("canary-password") == std::string::npos, "an echoed password is masked");
    fuzz::promise(std::ranges::none_of(message, [](char c) { return c == '\n' || c == '\x1b'; }), "it is one line");
    return;
  }
  const auto value = got.token->value.expose();
  fuzz::promise(!value.empty() && value.size() <= auth::token_limits().token_bytes, "a token has a sane size");
  fuzz::promise(std::ranges::all_of(value, [](char c) { return c > ' ' && c < '\x7f'; }), "it is visible ASCII");
  fuzz::promise(got.token->life >= std::chrono::seconds(1) && got.token->life <= std::chrono::hours(24),
                "its life is clamped");
}

}  // namespace

REGPASS_FUZZ_TARGET(token_answer) {
  constexpr int statuses[] = {200, 201, 400, 401, 403, 404, 405, 429, 500, 302};
  http::response_head head;
  head.status = statuses[fuzz::take(bytes) % 10];
  const auto field = fuzz::take_line(bytes);
  if (!field.empty()) head.headers.add("Content-Type", field);
  if (!field.empty()) head.headers.add("Retry-After", field);
  auto asked = question();
  check(auth::read_answer(asked, head, bytes, instant()));
  asked.how = auth::token_request::form::post;
  check(auth::read_answer(asked, head, bytes, instant()));
}
