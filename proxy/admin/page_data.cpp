#include "admin/page_data.hpp"

#include "regpass/auth/token.hpp"
#include "regpass/base/text.hpp"
#include "regpass/diagnosis/step_text.hpp"
#include "regpass/forward/report.hpp"

#include <algorithm>
#include <optional>
#include <ranges>

namespace regpass::admin {

namespace {

namespace json = boost::json;

// Registry and identity tokens may be JWTs with an expiry date.
std::optional<std::int64_t> expiry_of(const auth::credential& credential) {
  const auto claims = auth::read_claims(credential.value.expose());
  return claims ? claims->expires_at : std::nullopt;
}

json::object last_result(const auth::credential_entry& entry, std::span<const forward::exchange_record> history) {
  for (const auto& record : std::views::reverse(history)) {
    const auto& evidence = record.evidence;
    if (evidence.source != entry.source || evidence.key != entry.key) continue;
    json::object result{{"id", evidence.id}, {"status", evidence.status}};
    if (evidence.began_at) result["at"] = rfc3339(*evidence.began_at);
    if (record.explanation) result["cause"] = record.explanation->cause;
    return result;
  }
  return {};
}

json::object credential_json(const auth::credential_entry& entry, std::span<const forward::exchange_record> history) {
  json::object result{
      {"registry", auth::shown_host(entry)}, {"source", clean(entry.source)}, {"key", clean(entry.key)}};
  if (entry.credential) {
    result["kind"] = auth::name_of(entry.credential->kind);
    result["username"] = clean(entry.credential->username);
    if (const auto expires = expiry_of(*entry.credential))
      result["expires_at"] = rfc3339(wall_time(std::chrono::seconds(*expires)));
  }
  if (entry.program) result["program"] = clean(auth::name_of(*entry.program));
  if (!entry.problem.empty()) result["problem"] = clean(entry.problem);
  if (!entry.range.path.empty()) result["path"] = clean(entry.range.path);
  json::array repositories;
  for (const auto& repository : entry.range.repositories) repositories.emplace_back(clean(repository));
  if (!repositories.empty()) result["repositories"] = std::move(repositories);
  if (auto last = last_result(entry, history); !last.empty()) result["last"] = std::move(last);
  return result;
}

const auth::credential* owner(std::uint64_t generation, const auth::credential_store& known) {
  for (const auto& entry : known.entries) {
    if (entry.credential && entry.credential->generation == generation) return entry.credential.get();
  }
  return nullptr;
}

}  // namespace

json::object exchange_json(const forward::exchange_record& record) {
  auto result = forward::exchange_line(record.evidence, record.explanation, record.moved);
  result["msg"] = forward::message_of(record.evidence, record.explanation);
  if (record.evidence.began_at) result["began_at"] = rfc3339(*record.evidence.began_at);
  auto steps = diagnosis::handshake_json(record.evidence);
  for (std::size_t i = 0; i < steps.size(); ++i)
    steps[i].as_object()["text"] = diagnosis::step_text(record.evidence.steps[i].step);
  result["handshake"] = std::move(steps);
  return result;
}

json::array credentials_json(const auth::credential_store& known, std::span<const forward::exchange_record> history) {
  json::array all;
  for (const auto& entry : known.entries) all.push_back(credential_json(entry, history));
  return all;
}

json::array tokens_json(std::span<const forward::held_token> held, const auth::credential_store& known) {
  json::array all;
  for (const auto& token : held) {
    json::object result{{"registry", registry::to_text(token.key.registry)},
                        {"realm", clean(token.key.realm)},
                        {"service", clean(token.key.service)},
                        {"asked", registry::to_text(token.asked)},
                        {"left_s", token.left.count()}};
    if (token.granted) result["granted"] = registry::to_text(*token.granted);
    if (const auto* whose = owner(token.key.generation, known)) {
      result["username"] = clean(whose->username);
      result["source"] = clean(whose->source);
    }
    all.push_back(std::move(result));
  }
  return all;
}

}  // namespace regpass::admin
