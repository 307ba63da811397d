// The registry answered, and its answer is no success.
#include "diagnosis/causes/predicates.hpp"
#include "diagnosis/causes/tables.hpp"
#include "diagnosis/present/wording.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace regpass::diagnosis {
namespace {

int status_of(const facts& f) {
  const auto* a = deciding_answer(f);
  return a == nullptr ? 0 : a->status;
}

// "registry.test:5443", or what stands in front of it: then nothing can be said about the registry itself.
std::string speaker_of(const facts& f) {
  if (!between_answered(f)) return words::host(f);
  const auto server = f.last_answer->server.empty() ? "" : " (" + words::shortened(f.last_answer->server, 40) + ")";
  return fmt::format("an intermediary in front of {}{}", words::host(f), server);
}

std::string answered(const facts& f, std::string_view how) {
  const auto& a = *deciding_answer(f);
  const auto silent = words::refusal(a).empty() ? ", no reason given" : "";
  return fmt::format("{} {} {} {}: {}{}", speaker_of(f), how, words::activity(f), words::identity(f), words::answer(a),
                     silent);
}

std::vector<std::string> ask_the_operator(const facts& f) {
  std::vector<std::string> steps;
  if (between_answered(f)) {
    steps.push_back(
        fmt::format("Find out what answers for {}: a corporate proxy, a firewall or a load balancer", words::host(f)));
  } else {
    steps.push_back(fmt::format("Check the log of {} at this time, or ask its operator", words::host(f)));
  }
  words::advise_check(f, steps);
  return steps;
}

namespace rate_limited {

judgement judge(const facts& f) {
  return observed_if(status_of(f) == 429);
}

std::string summary(const facts& f) {
  return answered(f, "limits the rate of");
}

std::vector<std::string> fix(const facts& f) {
  std::vector<std::string> steps;
  if (was_anonymous(f)) {
    steps.push_back(
        fmt::format("Use a credential for {}: anonymous requests are counted per address, shared by everyone behind it",
                    words::host(f)));
  }
  steps.emplace_back(
      "Wait until the limit's time window has passed, and send fewer requests: a mirror or cache can serve repeated "
      "pulls");
  return steps;
}

}  // namespace rate_limited

namespace registry_error {

judgement judge(const facts& f) {
  return observed_if(status_of(f) >= 500);
}

std::string summary(const facts& f) {
  return answered(f, "failed at");
}

}  // namespace registry_error

namespace not_found_or_hidden {

// An answer of "no such name" may be a way to say no; a refusal of everything may mean that there is no such
// repository.
judgement judge(const facts& f) {
  const bool unknown_name = status_of(f) == 404 && has_code(f, "NAME_UNKNOWN");
  if (unknown_name) return certainty::possible;
  if (!registry_denied(f) || between_answered(f) || f.seen->repository.empty()) return ruled_out;
  const bool granted_nothing = f.granted && !f.seen->needed.empty() && f.lacking == f.seen->needed;
  return granted_nothing && !invalid_token(f) ? judgement(certainty::possible) : ruled_out;
}

std::string summary(const facts& f) {
  const auto whom =
      used_credential(f) ? fmt::format("{} ({})", words::user(f), f.seen->source) : std::string("anonymous users");
  return fmt::format("{} has no repository {}, or hides it from {}: {}", words::host(f), words::repository(f), whom,
                     words::answer(*deciding_answer(f)));
}

std::vector<std::string> fix(const facts& f) {
  std::vector<std::string> steps{fmt::format("Check the name {}; some registries do not create repositories on push",
                                             words::quoted(f.seen->repository))};
  if (f.seen->repository.substr(0, f.seen->repository.find('/')).find('.') != std::string::npos) {
    steps.emplace_back("The name begins with a host name, which may have been added twice");
  }
  words::advise_check(f, steps);
  return steps;
}

}  // namespace not_found_or_hidden

namespace denied_by_registry {

judgement judge_token(const facts& f) {
  if (f.granted && f.lacking.empty()) return certainty::observed;
  return insufficient_scope(f) || f.granted ? ruled_out : judgement(certainty::likely);
}

judgement judge_invalid(const facts& f) {
  if (f.token_over_s.value_or(0) > 0) return ruled_out;
  return is_ready_made(f) ? ruled_out : judgement(certainty::likely);
}

judgement judge(const facts& f) {
  if (!registry_denied(f)) return ruled_out;
  if (between_answered(f)) return certainty::likely;
  if (used_clients_own(f))
    return granted_too_little(f) && !invalid_token(f) ? ruled_out : judgement(certainty::observed);
  const bool is_401 = f.last_answer->status == 401;
  if (wants_other_scheme(f) || anonymous_sufficed(f)) return certainty::likely;
  if (f.seen->source.empty()) return is_401 ? ruled_out : judgement(certainty::possible);
  if (invalid_token(f)) return judge_invalid(f);
  if (f.sent_authorization == authorization_kind::bearer && !is_ready_made(f)) return judge_token(f);
  // Some registries say 401 to an accepted user who lacks a right (Nexus, Gitea).
  if (is_401) return is_ready_made(f) ? ruled_out : judgement(certainty::possible);
  return speaks_of_rights(f) || f.sent_authorization != authorization_kind::basic ? certainty::likely
                                                                                  : certainty::possible;
}

std::string summary(const facts& f) {
  if (wants_other_scheme(f)) {
    return fmt::format("{} requires an authentication scheme that regpass does not support: {}", words::host(f),
                       words::shortened(f.last_answer->challenges.front(), 80));
  }
  if (invalid_token(f) && !used_clients_own(f)) {
    return fmt::format("{} does not accept the token that {} issued {}: {}", words::host(f), words::token_server(f),
                       words::identity(f), words::answer(*f.last_answer));
  }
  return answered(f, "refused");
}

std::vector<std::string> fix(const facts& f) {
  std::vector<std::string> steps;
  if (f.seen->injection == injection_mode::observe) {
    steps.push_back("Let regpass send its own credential: " +
                    words::in_registry_table(f, "authorization = \"replace\""));
  } else if (invalid_token(f)) {
    steps.push_back(fmt::format("Compare what {} expects of a token (issuer, audience, key) with what {} issues",
                                words::host(f), words::token_server(f)));
  }
  auto more = ask_the_operator(f);
  steps.insert(steps.end(), more.begin(), more.end());
  return steps;
}

}  // namespace denied_by_registry

// Any other status that is no success: quotas, immutable tags, read-only registries, formats.
namespace request_refused {

judgement judge(const facts& f) {
  const auto status = status_of(f);
  const bool has_own_row =
      status == 401 || status == 403 || status == 429 || (status == 404 && has_code(f, "NAME_UNKNOWN"));
  return observed_if(status >= 400 && status < 500 && !has_own_row);
}

std::string summary(const facts& f) {
  return answered(f, "did not accept");
}

std::vector<std::string> fix(const facts& f) {
  std::vector<std::string> steps;
  if (f.seen->action == registry::action::ping && status_of(f) == 404) {
    steps.push_back(fmt::format("Check that {} is a registry: it does not serve /v2/", words::host(f)));
  } else {
    steps.emplace_back("The registry's message says what it does not accept; the credential is not the reason");
  }
  auto more = ask_the_operator(f);
  steps.insert(steps.end(), more.begin(), more.end());
  return steps;
}

}  // namespace request_refused

constexpr std::array rows{
    cause{
        .name = "denied-by-registry",
        .title = "The registry denied access",
        .judge = denied_by_registry::judge,
        .summary = denied_by_registry::summary,
        .fix = denied_by_registry::fix,
        .fix_text = "Check the registry's log at this time\nCompare what it expects of a token (issuer, audience, key) "
                    "with what the token server issues\nTest it step by step: regpass check REFERENCE",
        .doc =
            {.seen = "401 or 403 from the registry although the token grants what was needed, or as the final answer "
                     "to a password.",
             .why = "The registry, or something in front of it, checks more than the token: permissions per request, "
                    "quotas, policies or addresses.",
             .apart =
                 "The explanation quotes its message, if any. If the token lacks an action, the cause is granted-less.",
             .look_alikes = "granted-less credential-rejected quota-exceeded address-not-allowed"}},
    cause{.name = "not-found-or-hidden",
          .title = "The repository does not exist or is hidden",
          .judge = not_found_or_hidden::judge,
          .summary = not_found_or_hidden::summary,
          .fix = not_found_or_hidden::fix,
          .fix_text = "Check the name; some registries do not create repositories on push\nAsk somebody with access "
                      "whether it exists",
          .doc = {.seen = "404 NAME_UNKNOWN, or a token that grants nothing.",
                  .why = "The repository does not exist, or the registry hides it from users without access; many "
                         "registries deliberately do not distinguish the two.",
                  .apart = "A user with access can see whether it exists.",
                  .look_alikes = "granted-less ecr-repository-missing project-missing"}},
    cause{.name = "rate-limited",
          .title = "Too many requests",
          .judge = rate_limited::judge,
          .summary = rate_limited::summary,
          .fix = rate_limited::fix,
          .doc = {.seen = "429 from the registry.",
                  .why = "There were too many requests. They are counted per user or, without a credential, per "
                         "address, shared by everyone behind it.",
                  .apart = "ratelimit-remaining and docker-ratelimit-source show what is counted, and for whom.",
                  .look_alikes = "hub-pull-limit hub-abuse-limit too-many-failed-logins"}},
    cause{.name = "registry-error",
          .title = "The registry returned a server error",
          .judge = registry_error::judge,
          .summary = registry_error::summary,
          .fix = ask_the_operator,
          .fix_text = "Ask the operator of the registry, or of the gateway in front of it, and try again later",
          .doc = {.seen = "5xx from the registry, or from a gateway in front of it.",
                  .why = "The registry or its storage failed.",
                  .apart = "An HTML page without Docker-Distribution-Api-Version comes from the gateway.",
                  .look_alikes = "upstream-broken upstream-timeout"}},
    cause{.name = "request-refused",
          .title = "The registry rejected the request",
          .judge = request_refused::judge,
          .summary = request_refused::summary,
          .fix = request_refused::fix,
          .fix_text = "The registry's message says what it does not accept; the credential is not the reason",
          .doc = {.seen = "400, 404, 405, 409, 412, 413 or another 4xx that is not about permissions.",
                  .why = "The registry does not accept this request: for example because of a format, immutability, "
                         "read-only mode, or a name.",
                  .apart = "The credential is not the reason; the registry's code and message are.",
                  .look_alikes = "tag-immutable manifest-format-refused registry-read-only not-a-registry"}},
};

}  // namespace

std::span<const cause> registry_causes() noexcept {
  return rows;
}

}  // namespace regpass::diagnosis
