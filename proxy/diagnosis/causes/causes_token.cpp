// What the token is good for: how long, for what, and whether there is one at all.
#include "diagnosis/causes/predicates.hpp"
#include "diagnosis/causes/tables.hpp"
#include "diagnosis/present/failure_wording.hpp"
#include "diagnosis/present/wording.hpp"
#include "diagnosis/record/seconds.hpp"

#include <fmt/format.h>

#include <array>
#include <cstdlib>

namespace regpass::diagnosis {
namespace {

namespace token_expired {

// By how much the registry thinks the token too old; by its clock, where that is known.
std::optional<std::int64_t> over_there(const facts& f) {
  if (!f.token_over_s || !f.clock_difference_s) return std::nullopt;
  return *f.token_over_s + *f.clock_difference_s;
}

// The token was made later than the registry thinks it is.
bool is_not_yet_valid(const facts& f) {
  if (f.claims == nullptr || !f.claims->expires_at || !f.token_over_s || !f.clock_difference_s) return false;
  const auto from = f.claims->not_before ? f.claims->not_before : f.claims->issued_at;
  const auto life = from ? seconds_between(*from, *f.claims->expires_at) : std::nullopt;
  return life && *f.clock_difference_s < 0 && *over_there(f) < -*life;
}

judgement judge(const facts& f) {
  if (!registry_denied(f) || f.last_answer->status != 401 || f.sent_authorization != authorization_kind::bearer)
    return ruled_out;
  const auto& said = f.last_answer->challenge_error;
  if (!said.empty() && said != "invalid_token") return ruled_out;
  if (f.token_over_s.value_or(0) > 0) return certainty::observed;
  if (over_there(f).value_or(0) > 0 || is_not_yet_valid(f)) return certainty::likely;
  const bool nothing_known = f.claims == nullptr;
  return said == "invalid_token" && nothing_known ? judgement(certainty::possible) : ruled_out;
}

std::string the_token(const facts& f) {
  if (is_ready_made(f)) return words::holder(f);
  if (f.seen->source.empty()) return "the anonymous token";
  return fmt::format("the token of {} ({})", words::user(f), f.seen->source);
}

std::string summary(const facts& f) {
  using namespace words;
  const auto whose = the_token(f);
  if (f.token_over_s.value_or(0) > 0) {
    return fmt::format("{} refused {} because it had expired {} s earlier", host(f), whose, *f.token_over_s);
  }
  const auto d = f.clock_difference_s.value_or(0);
  if (d != 0 && (over_there(f).value_or(0) > 0 || is_not_yet_valid(f))) {
    return fmt::format("{} refused {} because its clock is {} s {} ours: there the token is {}", host(f), whose,
                       d < 0 ? -d : d, d < 0 ? "behind" : "ahead of", d < 0 ? "not valid yet" : "expired");
  }
  return fmt::format("{} refused {} as invalid: it may have expired", host(f), whose);
}

std::vector<std::string> fix(const facts& f) {
  std::vector<std::string> steps;
  if (is_ready_made(f)) {
    steps.push_back(fmt::format(
        "Replace the configured token of {}, or store user name and password: regpass then obtains new tokens itself",
        words::entry(f)));
  }
  // The Date of its answer says whether the registry's clock can be the reason.
  constexpr std::int64_t agreement_s = 5;
  const bool agree = f.clock_difference_s && std::abs(*f.clock_difference_s) <= agreement_s;
  if (!agree) {
    steps.push_back(
        fmt::format("Synchronize the clocks of {}, its token server and this machine with NTP", words::host(f)));
  } else if (!is_ready_made(f)) {
    steps.push_back(
        fmt::format("Compare the clock of {}, which issued the token, with that of {}: the registry's clock agrees "
                    "with this machine's",
                    words::token_server(f), words::host(f)));
  }
  if (!is_ready_made(f)) steps.emplace_back("Configure the token server to issue tokens with a longer lifetime");
  return steps;
}

}  // namespace token_expired

namespace granted_less {

// Of a token that arrives now: said once, whatever becomes of the request.
bool arrives_smaller(const facts& f) {
  const auto* t = f.token_answer;
  if (t == nullptr || f.token_request == nullptr || !t->failure.empty() || !t->granted) return false;
  const auto granted = registry::parse_scopes(*t->granted);
  return granted && granted_too_little(f) && f.granted == *granted;
}

// The client's own token, as far as it can be read.
judgement judge_clients_own(const facts& f) {
  const bool with_token = f.sent_authorization == authorization_kind::client && f.granted;
  if (!with_token || !registry_denied(f) || between_answered(f) || f.lacking.empty()) return ruled_out;
  return invalid_token(f) ? certainty::possible : certainty::observed;
}

judgement judge(const facts& f) {
  if (used_clients_own(f)) return judge_clients_own(f);
  if (!used_credential(f) || !access_denied(f)) return ruled_out;
  if (token_forbidden(f)) return certainty::likely;
  if (token_rejected(f)) return speaks_of_scope(f) ? judgement(certainty::likely) : ruled_out;
  if (between_answered(f) || f.sent_authorization != authorization_kind::bearer) return ruled_out;
  // A token that is invalid is refused before anybody looks at what it grants.
  if (f.granted && !f.lacking.empty()) return invalid_token(f) ? certainty::possible : certainty::observed;
  if (f.granted || invalid_token(f)) return ruled_out;
  if (insufficient_scope(f)) return certainty::likely;
  return is_ready_made(f) && f.last_answer->status == 401 ? ruled_out : judgement(certainty::possible);
}

// "pull and push was asked on team-a/app": of the first resource that lacks something, and how many more do.
std::string lacking_text(const facts& f) {
  const auto& lacking = f.lacking.list();
  const auto& first = lacking.front();
  const auto verb = first.actions.size() > 1 ? "were" : "was";
  const auto more = lacking.size() > 1 ? fmt::format(" (and {} more)", lacking.size() - 1) : std::string();
  return fmt::format("{} {} asked on {}{}", words::actions(first), verb, words::resource(first), more);
}

std::string granted_text(const facts& f) {
  const auto& wanted = f.lacking.list().front();
  for (const auto& s : f.granted->list()) {
    if (s.type == wanted.type && s.name == wanted.name && !s.actions.empty()) return words::actions(s);
  }
  return "nothing";
}

std::string summary(const facts& f) {
  using namespace words;
  if (f.granted && !f.lacking.empty()) {
    const auto note = token_is_anonymous(f) ? ", but the token names no user" : "";
    return fmt::format("token for {} grants {}, {} {}{}", host(f), granted_text(f), lacking_text(f), identity(f), note);
  }
  const auto said = refusal(f).empty() ? std::string() : ", it says " + words::quoted(refusal(f), 100);
  if (f.decided_by == speaker::token_server) {
    return fmt::format("{} issues no token {} for {}{} (token server {})", host(f), identity(f), activity(f), said,
                       token_server(f));
  }
  return fmt::format("token for {} {} does not cover {}{}", host(f), identity(f), activity(f), said);
}

// On Docker Hub a name without a namespace means an official image, which nobody else can push.
bool lands_in_library(const facts& f) {
  return f.seen->registry == "docker.io" && f.seen->action == registry::action::push &&
         f.seen->repository.starts_with("library/");
}

// Whoever holds the client's own credential.
std::vector<std::string> fix_clients_own(const facts& f) {
  using namespace words;
  const auto& name = f.seen->client_username;
  const auto& lacking = f.lacking.list().front();
  std::vector<std::string> steps{fmt::format("Grant {} the permission to {} on {} at {}",
                                             name.empty() ? "the user of the client's credential" : shortened(name, 64),
                                             actions(lacking), resource(lacking), host(f)),
                                 "Or let the client log in as a user who has it"};
  if (!f.seen->source.empty()) {
    steps.push_back("Or let regpass send its own credential: " + in_registry_table(f, "authorization = \"replace\""));
  }
  return steps;
}

std::vector<std::string> fix(const facts& f) {
  using namespace words;
  if (used_clients_own(f)) return fix_clients_own(f);
  std::vector<std::string> steps;
  if (token_is_anonymous(f)) {
    steps.push_back(fmt::format("Renew the {} of {}: an anonymous token usually means that it was not recognized",
                                secret_kind(f), entry(f)));
  }
  if (lands_in_library(f)) steps.emplace_back("Add your namespace to the image name: docker.io/NAMESPACE/IMAGE");
  const auto what = f.lacking.empty() ? activity(f)
                                      : fmt::format("{} on {}", actions(f.lacking.list().front()),
                                                    resource(f.lacking.list().front()));
  steps.push_back(fmt::format("Grant {} the permission to {} at {}, or create the repository if it does not exist",
                              f.seen->username.empty() ? "the credential's owner" : user(f),
                              f.lacking.empty() ? "do " + what : what, host(f)));
  steps.push_back("Or use another credential: replace " + entry(f));
  advise_check(f, steps);
  return steps;
}

}  // namespace granted_less

namespace token_server_error {

const error* problem(const facts& f) {
  return f.failure_at_token_server && f.failure != nullptr ? &f.failure->problem : nullptr;
}

judgement judge(const facts& f) {
  if (proxy_failure(f) != nullptr) return ruled_out;
  if (f.decided_by == speaker::nobody) {
    const bool no_answer = f.token_answer != nullptr && f.token_answer->failure == auth::token_failure::kind::transport;
    return observed_if(no_answer || problem(f) != nullptr);
  }
  return observed_if(f.decided_by == speaker::token_server && !token_rejected(f) && !token_forbidden(f));
}

std::string what_happened(const facts& f) {
  const auto* a = f.token_answer;
  const auto said = a == nullptr || a->message.empty() ? std::string() : ": " + words::quoted(a->message, 100);
  if (const auto* e = problem(f)) return failure_words::what_happened(*e) + failure_words::detail(*e);
  if (a == nullptr || a->status == 0) return "did not answer" + said;
  if (a->failure == auth::token_failure::kind::no_token)
    return fmt::format("answered {} without a usable token{}", a->status, said);
  return fmt::format("answered {}{}", a->status, said);
}

std::string summary(const facts& f) {
  return fmt::format("the request to {} {} failed: its token server {} {}", words::host(f), words::identity(f),
                     words::token_server(f), what_happened(f));
}

std::vector<std::string> fix(const facts& f) {
  if (const auto* e = problem(f)) return failure_words::fix(*e, f, words::token_server(f));
  std::vector<std::string> steps;
  const auto status = f.token_answer == nullptr ? 0 : f.token_answer->status;
  if (status == 429) {
    steps.emplace_back("Wait, then send fewer requests: other builds with the same address or user count as well");
  } else if (status >= 400 && status < 500) {
    steps.push_back(fmt::format("Check that {} is the correct token endpoint of {}, and check the repository name",
                                f.token_request == nullptr ? "it" : f.token_request->realm, words::host(f)));
  } else {
    steps.push_back(fmt::format("The credential was not checked; ask the operator of {}, or try again later",
                                words::token_server(f)));
  }
  words::advise_check(f, steps);
  return steps;
}

}  // namespace token_server_error

constexpr std::array rows{
    cause{
        .name = "token-expired",
        .title = "The token has expired or the clocks differ",
        .judge = token_expired::judge,
        .summary = token_expired::summary,
        .fix = token_expired::fix,
        .fix_text =
            "Synchronize the clocks of the registry, its token server and this machine with NTP\nReplace a configured "
            "token with user name and password\nConfigure the token server to issue tokens with a longer lifetime",
        .doc = {.seen = "401 with error=\"invalid_token\" to a token whose exp is in the past by the registry's clock "
                        "or by the clock of regpass.",
                .why = "The token was used after it had expired, or the clocks differ.",
                .apart = "A wrong audience or issuer also results in invalid_token; only the token's claims show the "
                         "difference.",
                .look_alikes = "token-not-yet-valid token-for-other-audience ready-made-token-expired"}},
    cause{
        .name = "granted-less",
        .title = "The token grants less than the request needs",
        .judge = granted_less::judge,
        .notice = granted_less::arrives_smaller,
        .summary = granted_less::summary,
        .fix = granted_less::fix,
        .fix_text = "Grant the user the missing permission, or create the repository\nOr use another credential\nTest "
                    "it step by step: regpass check REFERENCE --push",
        .doc =
            {.seen = "The token request succeeded (200), but the token's access lacks a requested action; the next "
                     "request is refused with 401 insufficient_scope, or 403.",
             .why =
                 "By the token specification, the server grants the allowed subset of the requested actions without an "
                 "error. The account lacks the permission, or the repository does not exist and must not be created.",
             .apart = "If only pull is granted, the account is read-only. If nothing is granted to a named user, the "
                      "permission or the repository is missing. If the token names no user, the credential was not "
                      "recognized.",
             .look_alikes = "token-for-nobody hub-push-not-granted not-found-or-hidden access-token-too-narrow"}},
    cause{
        .name = "token-server-error",
        .title = "The token server did not issue a token",
        .judge = token_server_error::judge,
        .summary = token_server_error::summary,
        .fix = token_server_error::fix,
        .fix_text = "Check that the realm is the correct token endpoint\nOn 429 and 5xx, wait and ask the operator of "
                    "the token server",
        .doc = {.seen = "The token request got no answer, 4xx other than 401 and 403, 5xx, or 200 without a token.",
                .why =
                    "The token server is down, overloaded or not at this address, or the registry names the wrong one.",
                .apart = "The credential was not checked. A rejected one is a 401.",
                .look_alikes = "token-answer-is-page token-answer-without-token too-many-failed-logins"}},
};

}  // namespace

std::span<const cause> token_causes() noexcept {
  return rows;
}

}  // namespace regpass::diagnosis
