#include "regpass/diagnosis/evidence.hpp"

#include "diagnosis/record/json_fields.hpp"

#include <array>
#include <utility>

namespace regpass::diagnosis {
namespace {

constexpr std::size_t most_steps = 32;
constexpr std::size_t usual_steps = 3;  // cached token, sent, answered

// In the order of the variant.
constexpr std::array<std::string_view, std::variant_size_v<step>> kinds{
    "sent", "answered", "realm", "token-request", "token-answer", "cached-token", "failed", "policy", "mount"};

template <std::size_t... I>
std::optional<step> make_step(std::string_view kind, std::index_sequence<I...>) {
  std::optional<step> result;
  ((kinds[I] == kind ? static_cast<void>(result.emplace(std::in_place_index<I>)) : void()), ...);
  return result;
}

}  // namespace

template <class V, maybe_const<registry::api_error> S>
void fields(V& v, S& s) {
  v("code", s.code);
  v("message", s.message);
  v("detail", s.detail);
}

// Named as in RFC 7519.
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

namespace {

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
  auto parsed = make_step(kind, std::make_index_sequence<kinds.size()>{});
  if (!parsed) return std::nullopt;
  std::visit([&](auto& s) { fields(reader, s); }, *parsed);
  timed.step = std::move(*parsed);
  return timed;
}

}  // namespace

void make_room(evidence& e) {
  if (e.steps.empty()) e.steps.reserve(usual_steps);
  if (e.steps.size() >= most_steps) e.steps.erase(e.steps.begin());
}

json::array handshake_json(const evidence& e) {
  json::array list;
  for (const auto& timed : e.steps) list.push_back(step_to_json(timed));
  return list;
}

json::object to_json(const evidence& e) {
  json::object object;
  field_writer writer(object);
  fields(writer, e);
  if (!e.steps.empty()) object["handshake"] = handshake_json(e);
  return object;
}

result<evidence> from_json(const json::value& from) {
  const auto* object = from.if_object();
  if (object == nullptr) return fail(errc::bad_input, "evidence must be a JSON object");
  evidence e;
  field_reader reader(*object);
  fields(reader, e);
  const auto* found = object->if_contains("handshake");
  const auto* list = found == nullptr ? nullptr : found->if_array();
  // A log line has a handshake only if it failed or if there was more than one request and its answer.
  const bool is_short = found == nullptr || object->contains("event");
  const bool succeeded = e.status != 0 && (e.status < 400 || found == nullptr);
  e.judged_fine = is_short && succeeded && object->contains("event") && !object->contains("explanation");
  for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
    auto timed = step_from_json((*list)[i]);
    if (timed) add(e, timed->at_ms, std::move(timed->step));
  }
  return e;
}

}  // namespace regpass::diagnosis
