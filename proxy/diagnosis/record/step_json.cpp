#include "diagnosis/record/step_json.hpp"

#include "diagnosis/record/json_fields.hpp"

#include <array>
#include <utility>

namespace regpass::diagnosis {
namespace {

// In the order of the variant.
constexpr std::array<std::string_view, std::variant_size_v<step>> kinds{
    "sent", "answered", "realm", "token-request", "token-answer", "cached-token", "failed", "policy", "mount"};

template <std::size_t... I>
std::optional<step> make_step(std::string_view kind, std::index_sequence<I...>) {
  std::optional<step> made;
  ((kinds[I] == kind ? static_cast<void>(made.emplace(std::in_place_index<I>)) : void()), ...);
  return made;
}

}  // namespace

template <class V, maybe_const<registry::api_error> S>
void fields(V& v, S& s) {
  v("code", s.code);
  v("message", s.message);
  v("detail", s.detail);
}

// By the names of the claims themselves (RFC 7519), for readers who know them.
template <class V, maybe_const<auth::claims> S>
void fields(V& v, S& s) {
  v("iss", s.issuer);
  v("aud", s.audience);
  v("sub", s.subject);
  v("access", s.access);
  v("iat", s.issued_at);
  v("nbf", s.not_before);
  v("exp", s.expires_at);
}

template <class V, maybe_const<sent_step> S>
void fields(V& v, S& s) {
  v("request", s.request);
  v("authorization", s.authorization);
  v("probe", s.probe);
  v("reused", s.reused);
  v("http", s.http);
  v("address", s.address);
  v("tls", s.tls);
  v("resolve_ms", s.resolve_ms);
  v("connect_ms", s.connect_ms);
  v("tls_ms", s.tls_ms);
  v("explains", s.explains);
}

template <class V, maybe_const<answered_step> S>
void fields(V& v, S& s) {
  v("status", s.status);
  v("server", s.server);
  v("content_type", s.content_type);
  v("api_version", s.api_version);
  v("challenges", s.challenges);
  v("challenge_error", s.challenge_error);
  v("errors", s.errors);
  v("message", s.message);
  v("clock_difference_s", s.clock_difference_s);
  v("location", s.location);
  v("location_served", s.location_served);
  v("allow", s.allow);
  v("rate_limit", s.rate_limit);
  v("rate_remaining", s.rate_remaining);
  v("rate_source", s.rate_source);
}

template <class V, maybe_const<realm_step> S>
void fields(V& v, S& s) {
  v("realm", s.realm);
  v.always("allowed", s.allowed);
  v("why", s.why);
  v("config_line", s.config_line);
}

template <class V, maybe_const<token_request_step> S>
void fields(V& v, S& s) {
  v("method", s.method);
  v("realm", s.realm);
  v("service", s.service);
  v("scope", s.scope);
  v("credential", s.credential);
}

template <class V, maybe_const<token_answer_step> S>
void fields(V& v, S& s) {
  v("status", s.status);
  v("failure", s.failure);
  v("message", s.message);
  v("code", s.code);
  v("content_type", s.content_type);
  v("granted", s.granted);
  v("claims", s.claims);
  v("expires_in_s", s.expires_in_s);
}

template <class V, maybe_const<cached_token_step> S>
void fields(V& v, S& s) {
  v("scope", s.scope);
  v("granted", s.granted);
  v("expires_in_s", s.expires_in_s);
  v("claims", s.claims);
}

template <class V, maybe_const<failed_step> S>
void fields(V& v, S& s) {
  v.always("code", s.problem.code);
  v.always("party", s.problem.who);
  v.always("phase", s.problem.when);
  v("detail", s.problem.detail);
  v("os", s.problem.os);
  v("answer_started", s.problem.answer_started);
}

template <class V, maybe_const<policy_step> S>
void fields(V& v, S& s) {
  v("why", s.why);
  v("remedy", s.remedy);
}

template <class V, maybe_const<mount_step> S>
void fields(V& v, S& s) {
  v("from", s.from);
  v("why", s.why);
}

json::object step_to_json(const timed_step& timed) {
  json::object object;
  field_writer writer(object);
  writer.always("step", std::string(kinds[timed.step.index()]));
  writer.always("at_ms", timed.at_ms);
  std::visit([&](const auto& s) { fields(writer, s); }, timed.step);
  return object;
}

std::optional<timed_step> step_from_json(const json::value& from) {
  const auto* object = from.if_object();
  if (object == nullptr) return std::nullopt;
  field_reader reader(*object);
  std::string kind;
  timed_step timed;
  reader("step", kind);
  reader("at_ms", timed.at_ms);
  auto made = make_step(kind, std::make_index_sequence<kinds.size()>{});
  if (!made) return std::nullopt;
  std::visit([&](auto& s) { fields(reader, s); }, *made);
  timed.step = std::move(*made);
  return timed;
}

}  // namespace regpass::diagnosis
