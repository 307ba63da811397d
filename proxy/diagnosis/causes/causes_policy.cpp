// regpass itself refused: by policy, for want of trust, or because it could not make sense of the request.
#include "diagnosis/causes/predicates.hpp"
#include "diagnosis/causes/tables.hpp"
#include "diagnosis/present/wording.hpp"
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
  const auto login = f.seen->unserved
                         ? fmt::format("; there is no credential for {}: {}", words::host(f), words::other_entries(f))
                         : "";
  return fmt::format("{}: regpass refused: {}{}{}", words::host(f), why, remedy, login);
}

std::vector<std::string> fix(const facts& f) {
  const auto& remedy = f.refused_policy->remedy;
  std::vector<std::string> steps;
  if (!remedy.empty()) steps.push_back(fmt::format("To allow it: {}", remedy));
  if (!f.seen->repository.empty()) {
    steps.emplace_back("Or correct the image name, if this is the wrong repository");
  } else if (steps.empty()) {
    steps.emplace_back("No setting allows this; the client must not do it");
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
        fmt::format("No setting allows this realm ({}): the operator of {} must correct it", step.why, words::host(f))};
  }
  return {fmt::format("If {} is the token server of {}: {}", words::shortened(step.realm, 120), words::host(f),
                      words::in_registry_table(f, step.config_line)),
          "If you do not know it, do not allow it: it would receive the password"};
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
                         ? fmt::format("; there is no credential for {}: {}", words::host(f), words::other_entries(f))
                         : std::string();
  return fmt::format("{} {} an address that regpass may not connect to: {}{}", words::host(f),
                     named_by_address(f) ? "is" : "resolves to", f.failure->problem.detail, login);
}

std::vector<std::string> fix(const facts& f) {
  const auto host = words::host(f);
  std::vector<std::string> steps;
  if (!named_by_address(f)) {
    steps.push_back(fmt::format("Check what the name resolves to: getent ahosts {}", host.substr(0, host.find(':'))));
  }
  if (!is_private(f)) {
    steps.emplace_back("Metadata, link-local and loopback addresses are always refused, whatever is configured");
  } else if (f.seen->unserved) {
    steps.push_back(fmt::format(
        "If it is a registry, give regpass a credential for it (docker login {}), or a [[registry]] with host = \"{}\"",
        host, host));
    steps.emplace_back("If it is not a registry: [other_hosts] deny_private_addresses = false");
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
  std::vector<std::string> steps{"Correct the request, or the image name that it was built from"};
  if (!f.seen->client.empty()) steps.push_back("It came from " + f.seen->client);
  return steps;
}

}  // namespace bad_request

constexpr std::array rows{
    cause{
        .name = "policy-refused",
        .title = "regpass refused the request by policy",
        .judge = policy_refused::judge,
        .summary = policy_refused::summary,
        .fix = policy_refused::fix,
        .doc = {.seen = "regpass itself answered with 403 and its own message; nothing was sent to the registry, or "
                        "the connection was closed before.",
                .why = "Pushes, deletions and the catalog are allowed per repository under [[registry]]; other hosts "
                       "under [other_hosts].",
                .apart =
                    "Only regpass reports this. A refusal by the registry shows the registry's own status and message.",
                .look_alikes = "denied-by-registry"}},
    cause{.name = "realm-refused",
          .title = "The token server is not trusted",
          .judge = realm_refused::judge,
          .summary = realm_refused::summary,
          .fix = realm_refused::fix,
          .doc =
              {.seen =
                   "The registry's 401 names a token server (realm) on another origin, and regpass requested no token.",
               .why = "regpass sends a credential only to the registry itself, to token servers that the vendor is "
                      "known to use, and to those listed in realms. Any other server could be collecting passwords.",
               .apart = "The credential was not rejected: it was never sent.",
               .look_alikes = "realm-malformed"}},
    cause{
        .name = "address-refused",
        .title = "The registry name resolves to a forbidden address",
        .judge = address_refused::judge,
        .summary = address_refused::summary,
        .fix = address_refused::fix,
        .fix_text = "Check what the name resolves to: getent ahosts NAME\nA registry on a private address needs its "
                    "own entry: [[registry]] host = \"NAME\"\nFor hosts that are not registries: [other_hosts] "
                    "deny_private_addresses = false",
        .doc = {.seen =
                    "There is no connection: the name resolved to a metadata, link-local, loopback or private address.",
                .why = "RUN steps and hostile names must not reach the cloud's metadata service or the pod's own "
                       "loopback through regpass.",
                .apart = "Only regpass reports this; a network policy causes a connection timeout.",
                .look_alikes = "upstream-connect upstream-timeout"}},
    cause{.name = "bad-request",
          .title = "The client's request is malformed",
          .judge = bad_request::judge,
          .summary = bad_request::summary,
          .fix = bad_request::fix,
          .fix_text = "Correct the request, or the image name that it was built from",
          .doc = {.seen = "regpass answered 400 (or 4xx) to the client's request; nothing was sent to the registry.",
                  .why = "The request is not a well-formed HTTP or registry request: for example an uppercase "
                         "repository name, an encoded slash, or two Host fields.",
                  .apart = "If the registry itself rejects a name, it answers with NAME_INVALID.",
                  .look_alikes = "request-refused repository-name-refused"}},
};

}  // namespace

std::span<const cause> policy_causes() noexcept {
  return rows;
}

}  // namespace regpass::diagnosis
