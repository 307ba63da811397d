#include "diagnosis/causes/predicates.hpp"

#include "diagnosis/present/wording.hpp"
#include "regpass/base/text.hpp"

#include <algorithm>
#include <array>
#include <span>

namespace regpass::diagnosis {
namespace {

bool contains_any(std::string_view text, std::span<const std::string_view> words) {
  const auto low = lower(text);
  return std::ranges::any_of(words, [&](auto word) { return low.find(word) != std::string::npos; });
}

}  // namespace

bool adds_nothing(const evidence& e) {
  return e.injection == injection_mode::observe || e.injection == injection_mode::build_step;
}

bool used_clients_own(const facts& f) {
  return f.sent_authorization == authorization_kind::client || adds_nothing(*f.seen);
}

bool used_credential(const facts& f) {
  if (f.seen->source.empty() || used_clients_own(f)) return false;
  if (f.decided_by == speaker::token_server)
    return f.token_request == nullptr || f.token_request->credential != authorization_kind::none;
  return f.sent_authorization != authorization_kind::none;
}

bool was_anonymous(const facts& f) {
  return f.seen->source.empty() && f.seen->missing != auth::absence::unusable && !used_clients_own(f);
}

bool is_ready_made(const facts& f) {
  return f.seen->credential_kind == auth::credential_kind::bearer;
}

bool token_rejected(const facts& f) {
  if (f.decided_by != speaker::token_server || f.token_answer == nullptr) return false;
  if (f.token_answer->failure == auth::token_failure::kind::rejected || f.token_answer->status == 401) return true;
  // The same request without the credential was granted, so the credential was what was wrong (ECR Public says 400).
  const auto* without = f.without_credential;
  return f.token_answer->status == 400 && without != nullptr && without->failure.empty();
}

bool token_forbidden(const facts& f) {
  return token_status(f) == 403;
}

std::vector<auth::challenge> challenges_in(const facts& f) {
  std::vector<auth::challenge> all;
  if (f.last_answer == nullptr) return all;
  for (const auto& text : f.last_answer->challenges) {
    auto some = auth::parse_challenges(text);
    if (some) std::ranges::move(*some, std::back_inserter(all));
  }
  return all;
}

const answered_step* deciding_answer(const facts& f) {
  return f.decided_by == speaker::registry || f.decided_by == speaker::intermediary ? f.last_answer : nullptr;
}

bool registry_denied(const facts& f) {
  const auto* a = deciding_answer(f);
  return a != nullptr && (a->status == 401 || a->status == 403);
}

bool access_denied(const facts& f) {
  return token_rejected(f) || token_forbidden(f) || registry_denied(f);
}

bool between_answered(const facts& f) {
  return f.decided_by == speaker::intermediary;
}

bool insufficient_scope(const facts& f) {
  return registry_denied(f) && f.last_answer->challenge_error == "insufficient_scope";
}

bool invalid_token(const facts& f) {
  return registry_denied(f) && f.last_answer->challenge_error == "invalid_token";
}

bool wants_other_scheme(const facts& f) {
  const auto* a = deciding_answer(f);
  if (a == nullptr || a->status != 401 || f.sent_authorization != authorization_kind::none || a->challenges.empty())
    return false;
  return std::ranges::none_of(a->challenges, [](const std::string& challenge) {
    const auto low = lower(challenge);
    return low.find("bearer") != std::string::npos || low.find("basic") != std::string::npos;
  });
}

bool anonymous_sufficed(const facts& f) {
  if (!was_anonymous(f) || !registry_denied(f)) return false;
  return invalid_token(f) || (f.granted && !f.seen->needed.empty() && f.lacking.empty());
}

bool token_is_anonymous(const facts& f) {
  return used_credential(f) && !is_ready_made(f) && f.claims != nullptr && f.claims->subject.empty();
}

const error* upstream_failure(const facts& f) {
  if (f.decided_by != speaker::nobody || f.failure == nullptr || f.failure_at_token_server) return nullptr;
  const auto who = f.failure->problem.who;
  return who == party::client || who == party::proxy ? nullptr : &f.failure->problem;
}

const error* proxy_failure(const facts& f) {
  if (f.decided_by != speaker::nobody || f.failure == nullptr) return nullptr;
  return f.failure->problem.who == party::proxy ? &f.failure->problem : nullptr;
}

bool says(const facts& f, std::initializer_list<std::string_view> any_of) {
  auto text = words::refusal(f);
  if (const auto* a = deciding_answer(f)) {
    for (const auto& one : a->errors) text += " " + one.code + " " + one.message + " " + one.detail;
  }
  return contains_any(text, {any_of.begin(), any_of.size()});
}

bool has_code(const facts& f, std::string_view code) {
  if (f.decided_by == speaker::token_server) return f.token_answer != nullptr && f.token_answer->code == code;
  const auto* a = deciding_answer(f);
  return a != nullptr && std::ranges::any_of(a->errors, [&](const auto& e) { return e.code == code; });
}

int token_status(const facts& f) {
  return f.decided_by == speaker::token_server && f.token_answer != nullptr ? f.token_answer->status : 0;
}

int registry_status(const facts& f) {
  const auto* a = deciding_answer(f);
  return a == nullptr ? 0 : a->status;
}

bool is_write(const facts& f) {
  return f.seen->method == "POST" || f.seen->method == "PUT" || f.seen->method == "PATCH";
}

bool is_manifest_put(const facts& f) {
  return f.seen->method == "PUT" && f.seen->path.find("/manifests/") != std::string::npos;
}

std::string_view realm_path(const facts& f) {
  if (f.token_request == nullptr) return {};
  std::string_view realm = f.token_request->realm;
  const auto scheme_end = realm.find("://");
  return scheme_end == std::string_view::npos ? realm : realm.substr(scheme_end + 3);
}

bool granted_all(const facts& f) {
  return f.granted && !f.seen->needed.empty() && f.lacking.empty();
}

bool granted_too_little(const facts& f) {
  return f.granted && !f.lacking.empty();
}

bool speaks_of_scope(const facts& f) {
  static constexpr std::array<std::string_view, 1> words{"scope"};
  return contains_any(words::refusal(f), words);
}

bool speaks_of_rights(const facts& f) {
  static constexpr std::array<std::string_view, 4> words{"permission", "not authorized to perform", "not allowed",
                                                         "quota"};
  return contains_any(words::refusal(f), words);
}

}  // namespace regpass::diagnosis
