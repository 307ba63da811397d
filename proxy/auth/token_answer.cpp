// What a token endpoint answered: a token, or what kind of failure it is.
#include "auth/json_text.hpp"
#include "regpass/auth/token.hpp"
#include "regpass/base/text.hpp"
#include "regpass/http/content_coding.hpp"
#include "regpass/registry/error_body.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace regpass::auth {
namespace {

namespace json = boost::json;
using std::chrono::seconds;

constexpr seconds longest_life = std::chrono::hours(24);
constexpr seconds assumed_life{60};  // the specification's default
constexpr std::size_t message_cap = 256;
constexpr std::size_t longest_failure = std::size_t{64} * 1024;  // of a refusal's body that is read

token_answer failed(token_failure what) {
  return {nullptr, std::move(what)};
}

token_answer no_token(int status, std::string message) {
  return failed({.what = token_failure::kind::no_token,
                 .status = status,
                 .message = std::move(message),
                 .problem = std::nullopt,
                 .retry_after = std::nullopt});
}

std::optional<double> number_of(std::string_view text) noexcept {
  double value = 0;
  const auto [end, failed_with] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failed_with != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// A number, or one in quotes. Go's servers write 0 for "not said".
std::optional<double> expires_in(const json::object& body) {
  const auto* value = body.if_contains("expires_in");
  std::optional<double> life;
  if (value != nullptr && value->is_number()) life = value->to_number<double>();
  if (value != nullptr && value->is_string()) life = number_of(trim(value->get_string()));
  return life && *life != 0 ? life : std::nullopt;
}

std::optional<double> life_by_claims(const std::optional<claims>& known) {
  if (!known || !known->expires_at) return std::nullopt;
  const auto start = known->issued_at ? known->issued_at : known->not_before;
  if (!start) return std::nullopt;
  return static_cast<double>(*known->expires_at - *start);
}

seconds life_of(const json::object& body, const std::optional<claims>& known) {
  auto life = expires_in(body);
  // The registry goes by the claims, whatever the answer promises.
  if (const auto claimed = life_by_claims(known)) life = life ? std::min(*life, *claimed) : *claimed;
  if (!life || std::isnan(*life)) return assumed_life;
  const auto most = static_cast<double>(longest_life.count());
  return seconds(static_cast<std::int64_t>(std::clamp(*life, 1.0, most)));
}

// Registries look at type and name alone (distribution: registry/auth/token), so that a token for a plugin serves what
// is asked of its repository. Its own spelling stays there to be shown.
registry::scope_set whatever_the_class(const registry::scope_set& access) {
  auto all = access;
  for (const auto& one : access.list()) {
    const auto open = one.type.find('(');
    if (open == std::string::npos || open == 0) continue;
    all.add(registry::scope{one.type.substr(0, open), one.name, one.actions});
  }
  return all;
}

// Claims first: they are what the registry goes by. The OAuth2 form of the answer names the scope beside the token.
std::optional<registry::scope_set> granted_by(const json::object& body, const std::optional<claims>& known) {
  if (known && known->access) return whatever_the_class(*known->access);
  const auto text = string_member(body, "scope");
  if (text.empty()) return std::nullopt;
  auto scopes = registry::parse_scopes(text);
  if (!scopes) return std::nullopt;
  return whatever_the_class(*scopes);
}

bool is_visible(std::string_view text) noexcept {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
}

// Names only: a value may be the token under another name.
std::string member_names(const json::object& body) {
  std::string names;
  for (const auto& [name, value] : body) {
    if (names.size() > message_cap) break;
    names += fmt::format("{}{}", names.empty() ? "" : ", ", std::string_view(name));
  }
  return names.empty() ? "none" : clean(names, message_cap);
}

token_answer from_object(const token_request& request, int status, const json::object& body, instant now,
                         const token_limits& limits) {
  auto text = string_member(body, "token");
  if (text.empty()) text = string_member(body, "access_token");
  if (text.empty()) return no_token(status, fmt::format("JSON without a token; its members: {}", member_names(body)));
  if (text.size() > limits.token_bytes) return no_token(status, "the token is too large");
  if (!is_visible(text)) return no_token(status, "the token holds bytes that no Authorization field may carry");
  auto made = std::make_shared<token>();
  made->value = secret(text);
  made->asked = request.scopes;
  made->how = request.how;
  made->claims = read_claims(text);
  made->granted = granted_by(body, made->claims);
  made->obtained_at = now.steady;
  made->life = life_of(body, made->claims);
  return {std::move(made), std::nullopt};
}

// A sign-on page or captive portal is the usual reason for a body that is no JSON.
std::string not_json(const http::response_head& head, std::string_view body) {
  const auto type = clean(head.headers.get("Content-Type").value_or("no content type"), 64);
  const auto coding = head.headers.get("Content-Encoding").value_or("identity");
  if (!iequals(coding, "identity")) return fmt::format("compressed ({}), though not asked for", clean(coding, 32));
  if (trim(body).starts_with('<')) return fmt::format("a page instead of JSON ({})", type);
  return fmt::format("no JSON object ({})", type);
}

token_answer from_success(const token_request& request, const http::response_head& head, std::string_view body,
                          instant now, const token_limits& limits) {
  if (body.size() > limits.response_bytes) return no_token(head.status, "the answer is too large");
  const auto parsed = parse_json(body);
  if (!parsed || !parsed->is_object()) return no_token(head.status, not_json(head, body));
  return from_object(request, head.status, parsed->get_object(), now, limits);
}

// RFC 9110 section 10.2.3: seconds, or a date.
std::optional<seconds> retry_after(const http::response_head& head, wall_time now) {
  const auto text = head.headers.get("Retry-After");
  if (!text) return std::nullopt;
  std::uint32_t count = 0;
  const auto [end, failed_with] = std::from_chars(text->data(), text->data() + text->size(), count);
  if (failed_with == std::errc{} && end == text->data() + text->size()) return std::min(seconds(count), longest_life);
  const auto date = parse_http_date(*text);
  if (!date) return std::nullopt;
  return std::clamp(std::chrono::ceil<seconds>(*date - now), seconds(0), longest_life);
}

bool says_invalid_grant(std::string_view body) {
  const auto parsed = parse_json(body);
  return parsed && parsed->is_object() && string_member(parsed->get_object(), "error") == "invalid_grant";
}

// ECR Public answers 400 to a wrong password. What the words of a POST mean is said by `error` alone: they may speak of
// a password grant that the server does not know.
bool blames_credential(const token_request& request, std::string_view body, std::string_view message) {
  if (!request.credential || request.how == token_request::form::post) return false;
  const auto errors = registry::parse_errors(body);
  const auto denies = [](const registry::api_error& one) { return one.code == "UNAUTHORIZED" || one.code == "DENIED"; };
  if (std::ranges::any_of(errors, denies)) return true;
  const auto words = lower(message);
  const auto speaks_of = [&](std::initializer_list<std::string_view> any) {
    return std::ranges::any_of(any, [&](auto one) { return words.contains(one); });
  };
  return speaks_of({"password", "credential", "authorization token", "access token", "login"}) &&
         speaks_of({"incorrect", "invalid", "wrong", "expired", "bad ", "fail", "denied", "reject", "not valid"});
}

// RFC 6749 section 5.2 lets a bad identity token be answered by 400.
token_failure::kind kind_of(const token_request& request, int status, std::string_view body, std::string_view message) {
  using kind = token_failure::kind;
  const bool refresh = request.credential && may_be_identity_token(*request.credential);
  const bool post = request.how == token_request::form::post;
  if (status == 401) return post && !refresh ? kind::wrong_form : kind::rejected;
  if (status == 400 && (says_invalid_grant(body) || blames_credential(request, body, message))) return kind::rejected;
  if (status == 400 || status == 404 || status == 405 || status == 501) return kind::wrong_form;
  if (status == 408 || status == 429 || status >= 500) return kind::busy;
  return status >= 400 ? kind::forbidden : kind::no_token;
}

// Some servers quote what they were sent, in the body or elsewhere.
token_answer without_secrets(const token_request& request, token_answer made) {
  if (!made.failure) return made;
  secret_mask mask;
  if (request.credential) add_to(mask, *request.credential);
  for (auto* text : {&made.failure->message, &made.failure->code, &made.failure->content_type}) {
    *text = mask_recognisable(mask.apply(*text));
  }
  return made;
}

// Before anything is cut out of it: a cut could leave a piece of a secret that is too short to be recognised.
std::string without_secrets(const token_request& request, std::string_view body) {
  secret_mask mask;
  if (request.credential) add_to(mask, *request.credential);
  return mask.apply(body);
}

std::string message_of(const http::response_head& head, std::string_view body) {
  if (head.status < 400) {
    const auto location = head.headers.get("Location");
    if (location) return fmt::format("a redirect to {}", clean(masked_url(*location), message_cap));
  }
  const auto errors = registry::parse_errors(body);
  if (!errors.empty()) return errors.front().message.empty() ? errors.front().code : errors.front().message;
  if (auto text = registry::parse_message(body); !text.empty()) return text;
  const auto shown = trim(body);
  return shown.starts_with('<') || shown.starts_with('{') ? std::string{} : clean(shown, message_cap);
}

}  // namespace

token_answer read_answer(const token_request& request, const http::response_head& head, std::string_view body,
                         instant now, const token_limits& limits) {
  const auto type = clean(head.headers.get("Content-Type").value_or(""), 128);
  if (head.status >= 200 && head.status < 300) {
    auto made = from_success(request, head, body, now, limits);
    if (made.failure) made.failure->content_type = type;
    return without_secrets(request, std::move(made));
  }
  const auto cut = body.substr(0, std::min(limits.response_bytes, longest_failure));
  // Some servers and fronts compress whatever was asked for. Words that cannot be read are none.
  const auto words = http::decode_content(head.headers, cut, longest_failure).value_or(std::string());
  const auto kept = without_secrets(request, words);
  const auto errors = registry::parse_errors(kept);
  auto message = message_of(head, kept);
  return without_secrets(request, failed({.what = kind_of(request, head.status, kept, message),
                                          .status = head.status,
                                          .message = std::move(message),
                                          .code = errors.empty() ? std::string() : errors.front().code,
                                          .content_type = type,
                                          .problem = std::nullopt,
                                          .retry_after = retry_after(head, now.wall)}));
}

}  // namespace regpass::auth
