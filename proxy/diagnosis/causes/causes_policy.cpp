// regpass itself refused: by policy, for want of trust, or because it could not make sense of the request.
#include "diagnosis/causes/families.hpp"
#include "diagnosis/causes/signs.hpp"
#include "diagnosis/present/phrases.hpp"
#include "regpass/base/host_name.hpp"

#include <fmt/format.h>

#include <array>

namespace regpass::diagnosis {
namespace {

namespace policy_refused {

judgement judge(const facts& f) {
  return observed_if(f.decided_by == speaker::regpass && f.refused_policy != nullptr);
}

std::string summary(const facts& f) {
  const auto& step = *f.refused_policy;
  const auto why = step.why.empty() ? words::activity(f) + " is not allowed" : step.why;
  const auto remedy = step.remedy.empty() ? std::string() : fmt::format("; {}", step.remedy);
  const auto login =
      f.seen->unserved ? fmt::format("; no credential is for {}: {}", words::host(f), words::other_entries(f)) : "";
  return fmt::format("{}: regpass refuses: {}{}{}", words::host(f), why, remedy, login);
}

std::vector<std::string> fix(const facts& f) {
  const auto& remedy = f.refused_policy->remedy;
  std::vector<std::string> steps;
  if (!remedy.empty()) steps.push_back(fmt::format("What would allow it: {}", remedy));
  if (!f.seen->repository.empty()) {
    steps.emplace_back("Else correct the image's name, if this repository was not meant");
  } else if (steps.empty()) {
    steps.emplace_back("No setting allows this; leave it out of what the client does");
  }
  return steps;
}

}  // namespace policy_refused

namespace realm_refused {

judgement judge(const facts& f) {
  return observed_if(f.decided_by == speaker::regpass && f.refused_realm != nullptr && f.refused_policy == nullptr);
}

std::string summary(const facts& f) {
  using namespace words;
  const auto& step = *f.refused_realm;
  const auto change =
      step.config_line.empty() ? ", which regpass refuses: " + step.why : "; to allow it: " + step.config_line;
  const auto realm = shortened(step.realm, 80);
  if (f.seen->source.empty()) return fmt::format("{} names the token server {}{}", host(f), realm, change);
  return fmt::format("{} wants {} sent to {}{}", host(f), holder(f), realm, change);
}

std::vector<std::string> fix(const facts& f) {
  const auto& step = *f.refused_realm;
  if (step.config_line.empty()) {
    return {
        fmt::format("No setting allows this realm ({}): whoever runs {} must correct it", step.why, words::host(f))};
  }
  return {fmt::format("If {} is the token server of {}: {}", words::shortened(step.realm, 120), words::host(f),
                      words::in_registry_table(f, step.config_line)),
          "If you do not know it, do not: it would receive the password"};
}

}  // namespace realm_refused

namespace address_refused {

judgement judge(const facts& f) {
  return observed_if(f.failure != nullptr && f.failure->problem.code == errc::denied &&
                     f.failure->problem.when == phase::resolve && f.decided_by == speaker::regpass);
}

// Rather than by a name that is looked up.
bool named_by_address(const facts& f) {
  const auto parts = parse_host_port(f.seen->registry, 443);
  if (!parts) return false;
  const auto& host = parts->host;
  return host.find(':') != std::string::npos || host.find_first_not_of("0123456789.") == std::string::npos;
}

// The only kind that a login or a [[registry]] opens.
bool is_private(const facts& f) {
  return f.failure->problem.detail.find("private address") != std::string::npos;
}

std::string summary(const facts& f) {
  const auto login = f.seen->unserved && is_private(f)
                         ? fmt::format("; no credential is for {}: {}", words::host(f), words::other_entries(f))
                         : std::string();
  return fmt::format("{} {} an address that regpass may not connect to: {}{}", words::host(f),
                     named_by_address(f) ? "is" : "resolves to", f.failure->problem.detail, login);
}

std::vector<std::string> fix(const facts& f) {
  const auto host = words::host(f);
  std::vector<std::string> steps;
  if (!named_by_address(f)) {
    steps.push_back(fmt::format("Check what the name stands for: getent ahosts {}", host.substr(0, host.find(':'))));
  }
  if (!is_private(f)) {
    steps.emplace_back("Metadata, link-local and loopback addresses are refused whatever is configured");
  } else if (f.seen->unserved) {
    steps.push_back(fmt::format(
        "If it is a registry, give regpass a login for it (docker login {}), or a [[registry]] with host = \"{}\"",
        host, host));
    steps.emplace_back("If it is none: [other_hosts] deny_private_addresses = false");
  }
  return steps;
}

}  // namespace address_refused

namespace bad_request {

judgement judge(const facts& f) {
  return observed_if(f.decided_by == speaker::regpass && f.failure != nullptr &&
                     f.failure->problem.who == party::client && f.failure->problem.code != errc::denied);
}

std::string summary(const facts& f) {
  const auto& problem = f.failure->problem;
  const auto what = problem.detail.empty() ? std::string(name_of(problem.code)) : problem.detail;
  return fmt::format("{}: regpass refused the client's request as malformed: {}", words::host(f), what);
}

std::vector<std::string> fix(const facts& f) {
  std::vector<std::string> steps{"Correct the request, or the image's name that it was made from"};
  if (!f.seen->client.empty()) steps.push_back("It came from " + f.seen->client);
  return steps;
}

}  // namespace bad_request

constexpr std::array rows{
    cause{
        .name = "policy-refused",
        .title = "regpass does not allow it",
        .judge = policy_refused::judge,
        .summary = policy_refused::summary,
        .fix = policy_refused::fix,
        .doc = {.seen = "regpass answered itself, with 403 and its own words; nothing was sent to the registry, or the "
                        "connection was cut before.",
                .why = "Pushes, deletions and the catalogue are allowed per repository by [[registry]]; other hosts by "
                       "[other_hosts].",
                .apart = "Only regpass says this. A refusal by the registry names the registry's own status and words.",
                .look_alikes = "denied-by-registry"}},
    cause{
        .name = "realm-refused",
        .title = "The token server is not trusted",
        .judge = realm_refused::judge,
        .summary = realm_refused::summary,
        .fix = realm_refused::fix,
        .doc = {.seen =
                    "The registry's 401 names a token server (realm) on another origin, and no token was asked for.",
                .why = "A credential goes to the registry itself, to a token server that belongs to it by its vendor's "
                       "design, and to those named in realms. Anything else could be a way to collect passwords.",
                .apart = "The registry was not wrong about the credential: nobody has judged it.",
                .look_alikes = "realm-malformed"}},
    cause{.name = "address-refused",
          .title = "The name resolves to a forbidden address",
          .judge = address_refused::judge,
          .summary = address_refused::summary,
          .fix = address_refused::fix,
          .fix_text = "Check what the name stands for: getent ahosts NAME\nA registry on a private address needs an "
                      "entry of its own: [[registry]] host = \"NAME\"\nHosts that are no registry: [other_hosts] "
                      "deny_private_addresses = false",
          .doc = {.seen = "No connection: the name resolved to a metadata, link-local, loopback or private address.",
                  .why = "RUN steps and hostile names must not reach the cloud's metadata service or the pod's own "
                         "loopback through regpass.",
                  .apart = "Only regpass says this; a network policy shows as a connection that times out.",
                  .look_alikes = "upstream-connect upstream-timeout"}},
    cause{.name = "bad-request",
          .title = "The client's request is malformed",
          .judge = bad_request::judge,
          .summary = bad_request::summary,
          .fix = bad_request::fix,
          .fix_text = "Correct the request, or the image's name that it was made from",
          .doc = {.seen = "regpass answered 400 (or 4xx) to the client's request; nothing was sent to the registry.",
                  .why = "The request is no well-formed HTTP or registry request: a repository name in upper case, an "
                         "encoded slash, two Host fields.",
                  .apart = "A registry that refuses a name answers itself, with NAME_INVALID.",
                  .look_alikes = "request-refused repository-name-refused"}},
};

}  // namespace

std::span<const cause> policy_causes() noexcept {
  return rows;
}

}  // namespace regpass::diagnosis
