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

// Ready-made and identity tokens may be JWTs, which say when they end.
std::optional<std::int64_t> expiry_of(const auth::credential& one) {
  const auto claims = auth::read_claims(one.value.expose());
  return claims ? claims->expires_at : std::nullopt;
}

json::object last_result(const auth::credential_entry& entry, std::span<const forward::exchange_record> history) {
  for (const auto& one : std::views::reverse(history)) {
    const auto& seen = one.evidence;
    if (seen.source != entry.source || seen.key != entry.key) continue;
    json::object made{{"id", seen.id}, {"status", seen.status}};
    if (seen.began_at) made["at"] = rfc3339(*seen.began_at);
    if (one.explanation) made["cause"] = one.explanation->cause;
    return made;
  }
  return {};
}

json::object credential_json(const auth::credential_entry& entry, std::span<const forward::exchange_record> history) {
  json::object made{{"registry", auth::shown_host(entry)}, {"source", clean(entry.source)}, {"key", clean(entry.key)}};
  if (entry.credential) {
    made["kind"] = auth::name_of(entry.credential->kind);
    made["username"] = clean(entry.credential->username);
    if (const auto expires = expiry_of(*entry.credential))
      made["expires_at"] = rfc3339(wall_time(std::chrono::seconds(*expires)));
  }
  if (entry.program) made["program"] = clean(auth::name_of(*entry.program));
  if (!entry.problem.empty()) made["problem"] = clean(entry.problem);
  if (!entry.range.path.empty()) made["path"] = clean(entry.range.path);
  json::array repositories;
  for (const auto& one : entry.range.repositories) repositories.emplace_back(clean(one));
  if (!repositories.empty()) made["repositories"] = std::move(repositories);
  if (auto last = last_result(entry, history); !last.empty()) made["last"] = std::move(last);
  return made;
}

const auth::credential* owner(std::uint64_t generation, const auth::credential_store& known) {
  for (const auto& one : known.entries) {
    if (one.credential && one.credential->generation == generation) return one.credential.get();
  }
  return nullptr;
}

}  // namespace

json::object exchange_json(const forward::exchange_record& one) {
  auto made = forward::exchange_line(one.evidence, one.explanation, one.moved);
  made["msg"] = forward::message_of(one.evidence, one.explanation);
  if (one.evidence.began_at) made["began_at"] = rfc3339(*one.evidence.began_at);
  auto steps = diagnosis::handshake_json(one.evidence);
  for (std::size_t i = 0; i < steps.size(); ++i)
    steps[i].as_object()["text"] = diagnosis::step_text(one.evidence.steps[i].step);
  made["handshake"] = std::move(steps);
  return made;
}

json::array credentials_json(const auth::credential_store& known, std::span<const forward::exchange_record> history) {
  json::array all;
  for (const auto& entry : known.entries) all.push_back(credential_json(entry, history));
  return all;
}

json::array tokens_json(std::span<const forward::held_token> held, const auth::credential_store& known) {
  json::array all;
  for (const auto& one : held) {
    json::object made{{"registry", registry::to_text(one.key.registry)},
                      {"realm", clean(one.key.realm)},
                      {"service", clean(one.key.service)},
                      {"asked", registry::to_text(one.asked)},
                      {"left_s", one.left.count()}};
    if (one.granted) made["granted"] = registry::to_text(*one.granted);
    if (const auto* whose = owner(one.key.generation, known)) {
      made["username"] = clean(whose->username);
      made["source"] = clean(whose->source);
    }
    all.push_back(std::move(made));
  }
  return all;
}

}  // namespace regpass::admin
