#include "forward/record/recorder.hpp"

#include "regpass/base/text.hpp"
#include "regpass/http/field_names.hpp"
#include "regpass/registry/error_body.hpp"

namespace regpass::forward {

namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;
using std::chrono::seconds;

void join(std::string& text, const std::string& value) {
  if (!text.empty()) text += ", ";
  text += value;
}

std::optional<std::int64_t> clock_difference(std::string_view date) {
  const auto theirs = parse_http_date(date);
  if (!theirs) return std::nullopt;
  return duration_cast<seconds>(*theirs - now().wall).count();
}

// The header fields of an answer that are recorded.
constexpr http::field_names recorded_fields("Server", "Via", "Content-Type", "Docker-Distribution-Api-Version",
                                            "WWW-Authenticate", "Date", "Location", "Allow", "ratelimit-limit",
                                            "ratelimit-remaining", "docker-ratelimit-source");

void note(const http::field& field, const exchange_secrets& secrets, diagnosis::answered_step& into, std::string& via,
          std::string_view& date) {
  const auto is = [&](std::string_view name) { return iequals(field.name, name); };
  if (is("Server")) {
    join(into.server, secrets.quoted(field.value, 128));
  } else if (is("Via")) {
    join(via, secrets.quoted(field.value, 128));
  } else if (is("Content-Type")) {
    if (into.content_type.empty()) into.content_type = secrets.quoted(field.value, 128);
  } else if (is("Docker-Distribution-Api-Version")) {
    into.api_version = true;
  } else if (is("WWW-Authenticate")) {
    into.challenges.push_back(secrets.quoted(field.value, 1024));
  } else if (is("Date")) {
    if (date.empty()) date = field.value;
  } else if (is("Location")) {
    if (into.location.empty()) {
      const auto shown = masked_url(field.value);
      into.location = into.status < 400 ? secrets.masked_reference(shown) : secrets.masked(shown);
    }
  } else if (is("Allow")) {
    if (into.status == 405) join(into.allow, secrets.quoted(field.value, 128));
  } else if (is("ratelimit-limit")) {
    join(into.rate_limit, secrets.quoted(field.value, 128));
  } else if (is("ratelimit-remaining")) {
    join(into.rate_remaining, secrets.quoted(field.value, 128));
  } else {
    join(into.rate_source, secrets.quoted(field.value, 128));
  }
}

diagnosis::authorization_kind kind_of(const auth::credential_ptr& credential) {
  using diagnosis::authorization_kind;
  if (!credential) return authorization_kind::none;
  switch (credential->kind) {
    case auth::credential_kind::basic:
      return authorization_kind::basic;
    case auth::credential_kind::identity_token:
      return authorization_kind::identity_token;
    case auth::credential_kind::bearer:
      return authorization_kind::bearer;
  }
  return authorization_kind::none;
}

// A token that regpass did not request itself.
diagnosis::cached_token_step existing_token(const std::optional<auth::claims>& claims) {
  diagnosis::cached_token_step step;
  step.claims = claims;
  if (claims && claims->access) step.granted = registry::to_text(*claims->access);
  if (claims && claims->expires_at) {
    step.expires_in_s = *claims->expires_at - duration_cast<seconds>(now().wall.time_since_epoch()).count();
  }
  return step;
}

}  // namespace

std::int64_t recorder::elapsed_ms() const noexcept {
  return duration_cast<milliseconds>(now().steady - began_).count();
}

void recorder::sent(const http::request_head& head, std::string_view authorization, bool probe,
                    transport::connection& on) {
  diagnosis::sent_step request;
  request.request.reserve(head.method.size() + 1 + head.target.size());
  request.request.append(head.method).append(" ").append(masked_url(head.target));
  request.authorization = authorization;
  request.probe = probe;
  request.reused = on.reused;
  request.explains = explaining_;
  request.http = on.http().version();
  request.address = on.address;
  request.tls = on.tls_version;
  if (!on.reused && !on.address.empty()) {
    request.resolve_ms = on.resolved_in.count();
    request.connect_ms = on.connected_in.count();
    if (!on.tls_version.empty()) request.tls_ms = on.secured_in.count();
  }
  step(std::move(request));
}

void recorder::answered(const http::response_head& head, const std::optional<auth::requirement>& wants) {
  diagnosis::answered_step answer;
  answer.status = head.status;
  std::string via;
  std::string_view date;
  for (const auto field : head.headers) {
    if (recorded_fields.contains(field.name)) note(field, secrets_, answer, via, date);
  }
  if (!via.empty()) answer.server += (answer.server.empty() ? "" : ", ") + via;
  if (wants) answer.challenge_error = secrets_.quoted(wants->error, 64);
  if (!date.empty()) answer.clock_difference_s = clock_difference(date);
  step(std::move(answer));
}

void recorder::said(std::string_view body) {
  for (auto it = seen_.steps.rbegin(); it != seen_.steps.rend(); ++it) {
    auto* answer = std::get_if<diagnosis::answered_step>(&it->step);
    if (!answer) continue;
    const auto masked = secrets_.relayed(body);
    answer->errors = registry::parse_errors(masked);
    if (answer->errors.empty()) answer->message = secrets_.masked(registry::parse_message(masked));
    for (auto& error : answer->errors) {
      for (auto* text : {&error.code, &error.message, &error.detail}) *text = secrets_.masked(*text);
    }
    return;
  }
}

void recorder::leads_to_served_registry() {
  if (seen_.steps.empty()) return;
  if (auto* answer = std::get_if<diagnosis::answered_step>(&seen_.steps.back().step)) answer->location_served = true;
}

void recorder::realm(std::string_view text, const auth::realm_decision& decision) {
  step(diagnosis::realm_step{secrets_.quoted(text, 512), decision.allowed, secrets_.masked(decision.why),
                             secrets_.masked(decision.config_line)});
}

void recorder::token(const auth::token_request& request, const token_result& delivery) {
  diagnosis::token_request_step asked;
  asked.method = request.how == auth::token_request::form::get ? "GET" : "POST";
  asked.realm = secrets_.masked(http::to_text(request.realm.origin) + masked_url(request.realm.target));
  asked.service = secrets_.quoted(request.service, 256);
  asked.scope = registry::to_text(request.scopes);
  asked.credential = kind_of(request.credential);
  step(std::move(asked));

  const auto& answer = delivery.answer;
  diagnosis::token_answer_step got;
  if (answer.failure) {
    got.status = answer.failure->status;
    got.failure = answer.failure->what;
    got.message = secrets_.masked(answer.failure->message);
    got.code = secrets_.masked(answer.failure->code);
    got.content_type = secrets_.masked(answer.failure->content_type);
  } else {
    got.status = 200;
    if (answer.token->granted) got.granted = registry::to_text(*answer.token->granted);
    got.claims = answer.token->claims;
    // A token that another exchange requested has been used for a while.
    const auto ends_at = answer.token->obtained_at + answer.token->life;
    got.expires_in_s = std::chrono::ceil<seconds>(ends_at - now().steady).count();
  }
  step(std::move(got));
  if (answer.failure && answer.failure->problem) failed(*answer.failure->problem);
}

void recorder::cached(const auth::token& token) {
  diagnosis::cached_token_step reused;
  reused.scope = registry::to_text(token.asked);
  if (token.granted) reused.granted = registry::to_text(*token.granted);
  reused.claims = token.claims;
  reused.expires_in_s = duration_cast<seconds>(token.obtained_at + token.life - now().steady).count();
  step(std::move(reused));
}

void recorder::ready_made(const auth::credential& token) {
  step(existing_token(auth::read_claims(token.value.expose())));
}

void recorder::brought(const http::fields& by_client) {
  const auto field = by_client.get("Authorization");
  if (!field) return;
  const auto blank = field->find(' ');
  const auto value = blank == std::string_view::npos ? std::string_view() : trim(field->substr(blank));
  if (iequals(field->substr(0, blank), "Bearer")) {
    const auto claims = auth::read_claims(value);
    if (!claims) return;
    seen_.client_username = clean(claims->subject, 128);
    step(existing_token(claims));
    return;
  }
  std::string pair;
  if (!iequals(field->substr(0, blank), "Basic") || decode_base64(value, pair)) return;
  const auto colon = pair.find(':');
  if (colon != std::string::npos) seen_.client_username = clean(pair.substr(0, colon), 128);
  wipe(pair);
}

void recorder::failed(error problem) {
  failed_ = true;
  problem.detail = secrets_.masked(problem.detail);
  step(diagnosis::failed_step{std::move(problem)});
}

}  // namespace regpass::forward
