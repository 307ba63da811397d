#include "cli/check/check_text.hpp"

#include "diagnosis/causes/facts.hpp"
#include "regpass/base/text.hpp"
#include "regpass/diagnosis/step_text.hpp"

#include <algorithm>

namespace regpass::cli {

namespace {

using diagnosis::evidence;

// Walks over the steps and tells those that people ask about.
class teller {
 public:
  explicit teller(std::string& realm) : realm_(realm) {}
  std::vector<check_step> told{};

  void read(const diagnosis::timed_step& timed) {
    at_ms_ = timed.at_ms;
    std::visit([this](const auto& one) { on(one); }, timed.step);
  }

 private:
  void tell(std::string name, std::string text, bool fine = true, std::int64_t ms = -1) {
    told.push_back({"  " + std::move(name), std::move(text), fine, ms});
  }

  void on(const diagnosis::answered_step& one) {
    if (one.status != 401) return;
    if (!one.challenge_error.empty()) return tell("refused", one.challenge_error, false);
    if (!realm_.empty()) return;
    for (const auto& challenge : one.challenges) tell("challenge", diagnosis::spaced(challenge));
  }

  void on(const diagnosis::realm_step& one) {
    if (one.allowed && one.realm == realm_) return;
    realm_ = one.realm;
    const auto why = one.why.empty() ? std::string() : " (" + one.why + ")";
    tell("realm", one.realm + (one.allowed ? " may be asked" : " is refused") + why, one.allowed);
  }

  void on(const diagnosis::token_request_step& one) {
    asked_ = one.scope;
    asked_at_ms_ = at_ms_;
    tell("asked", scopes(one.scope) + ", " + identity(one.credential));
  }

  void on(const diagnosis::token_answer_step& one) {
    const auto took = at_ms_ - asked_at_ms_;
    if (one.failure.empty()) return tell_granted(one.granted, one.expires_in_s, took);
    const auto status = one.status == 0 ? std::string("no answer") : std::to_string(one.status);
    tell("granted", "no token: " + status + (one.message.empty() ? "" : " " + one.message), false, took);
  }

  void on(const diagnosis::cached_token_step& one) {
    if (!one.scope.empty()) tell("asked", scopes(one.scope) + ", before");
    asked_ = one.scope;
    tell_granted(one.granted, one.expires_in_s, -1);
  }

  void on(const diagnosis::policy_step& one) { tell("policy", one.why, false); }
  void on(const diagnosis::failed_step& one) { tell("failure", to_text(one.problem), false); }
  void on(const auto&) {}

  void tell_granted(const std::optional<std::string>& granted, std::int64_t life_s, std::int64_t took) {
    const auto life = ", for " + std::to_string(life_s) + " s";
    if (!granted) return tell("granted", "a token that only the registry can read" + life, true, took);
    const auto what = granted->empty() && !asked_.empty() ? "nothing" : scopes(*granted);
    tell("granted", what + life, covers(*granted), took);
  }

  bool covers(const std::string& granted) const {
    const auto wanted = registry::parse_scopes(asked_);
    const auto got = registry::parse_scopes(granted);
    return !wanted || !got || got->covers(*wanted);
  }

  static std::string scopes(const std::string& text) { return text.empty() ? "no scope" : text; }
  static std::string identity(const diagnosis::keyword<diagnosis::authorization_kind>& credential) {
    if (credential == diagnosis::authorization_kind::none) return "without a credential";
    return credential == diagnosis::authorization_kind::basic ? "with user and password" : "with the identity token";
  }

  std::int64_t at_ms_ = 0;
  std::int64_t asked_at_ms_ = 0;
  std::string asked_;
  std::string& realm_;
};

bool has_code(const diagnosis::answered_step& one, std::string_view code) {
  return std::ranges::any_of(one.errors, [&](const auto& error) { return error.code == code; });
}

std::string comma_listed(const std::set<std::string, std::less<>>& actions) {
  std::string text;
  for (const auto& one : actions) text += (text.empty() ? "" : ",") + one;
  return text;
}

const registry::scope* on_repository(const registry::scope_set& among, const std::string& repository) {
  for (const auto& one : among.list()) {
    if (one.type == "repository" && one.name == repository) return &one;
  }
  return nullptr;
}

// What the token that was asked for with that scope says about it.
std::string granted_on(const evidence& seen, const std::string& repository) {
  bool asked = false;
  std::optional<std::string> granted;
  const auto note = [&](const std::string& scope) {
    const auto scopes = registry::parse_scopes(scope);
    asked = scopes && on_repository(*scopes, repository) != nullptr;
    return asked;
  };
  std::string said = "no token was asked for it";
  const auto say = [&](const std::optional<std::string>& text) {
    const auto scopes = text ? registry::parse_scopes(*text) : registry::parse_scopes("");
    const auto* found = scopes ? on_repository(*scopes, repository) : nullptr;
    said = !text              ? "the token is opaque about it"
           : found == nullptr ? "the token grants nothing on it"
                              : "the token grants " + comma_listed(found->actions) + " on it";
  };
  for (const auto& timed : seen.steps) {
    if (const auto* request = std::get_if<diagnosis::token_request_step>(&timed.step)) note(request->scope);
    const auto* answer = std::get_if<diagnosis::token_answer_step>(&timed.step);
    if (answer != nullptr && asked && answer->failure.empty()) say(answer->granted);
    const auto* cached = std::get_if<diagnosis::cached_token_step>(&timed.step);
    if (cached != nullptr && note(cached->scope)) say(cached->granted);
  }
  return said;
}

}  // namespace

std::vector<check_step> details_of(const evidence& seen, std::string& told) {
  teller walk(told);
  for (const auto& one : seen.steps) walk.read(one);
  return std::move(walk.told);
}

std::string redirected_to(const evidence& seen) {
  const auto* answer = diagnosis::derive(seen).last_answer;
  const bool redirects = answer != nullptr && seen.status / 100 == 3 && seen.status != 304;
  if (!redirects) return {};
  return answer->location.empty() ? "nowhere" : answer->location;
}

probe_verdict judge_deletion(const evidence& seen) {
  const auto f = diagnosis::derive(seen);
  const auto* answer = f.decided_by == diagnosis::speaker::registry ? f.last_answer : nullptr;
  if (answer == nullptr) return {};
  const std::string limit = " That a tag may go is another matter: immutable tags and locks are judged for each.";
  const bool token_says = f.granted && f.lacking.empty();
  const std::string by = token_says ? "the token grants delete, and the registry " : "the registry ";
  if (answer->status < 300) return {true, "allowed: " + by + "accepted it." + limit};
  if (answer->status != 404 || has_code(*answer, "NAME_UNKNOWN")) return {};
  const std::string unsure = token_says ? "" : " Some registries answer so to who has no right, too.";
  return {true, (token_says ? "allowed: " : "probably allowed: ") + by + "looked for it." + unsure + limit};
}

probe_verdict judge_mount(const evidence& seen, const std::string& source) {
  const auto f = diagnosis::derive(seen);
  const auto* answer = f.decided_by == diagnosis::speaker::registry ? f.last_answer : nullptr;
  const auto scope = source + ": " + granted_on(seen, source);
  if (answer == nullptr || answer->status >= 300) return {false, scope};
  if (answer->status == 201) return {true, scope + "; its blob was mounted"};
  if (f.mount != nullptr) return {false, scope + "; it became an upload, which is slower: " + f.mount->why};
  return {false, scope + "; the registry opened an upload instead: it does not mount, or not this blob"};
}

}  // namespace regpass::cli
