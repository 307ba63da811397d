// Who asks: no credential, one that cannot be used, one that is not accepted.
#include "diagnosis/causes/predicates.hpp"
#include "diagnosis/causes/tables.hpp"
#include "diagnosis/present/wording.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace regpass::diagnosis {
namespace {

// Where a credential for this host would go: the file that was read, else the documented place.
std::string place_of_credentials(const facts& f) {
  for (const auto& other : f.seen->others) {
    const bool holds_one_secret = other.key.starts_with("[[registry.credential]]");
    if (!other.source.empty() && !holds_one_secret) return other.source;
  }
  return f.seen->searched.empty() ? "a docker config.json" : f.seen->searched.front();
}

// docker/cli looks Docker Hub up under this key only.
std::string key_for(const facts& f) {
  return f.seen->registry == "docker.io" ? "https://index.docker.io/v1/" : words::host(f);
}

std::string form_of_entry(const facts& f) {
  return fmt::format(R"({{"auths": {{"{}": {{"auth": "<base64 of user:password>"}}}}}})", key_for(f));
}

namespace no_credential {

const auth::considered* near_miss(const facts& f) {
  const auto found = std::ranges::find_if(f.seen->others, [](const auto& other) {
    return !other.key.empty() && (other.why.starts_with("is for ") || other.why.starts_with("unusable"));
  });
  return found == f.seen->others.end() ? nullptr : &*found;
}

// An entry of this host that is for other repositories or actions.
const auth::considered* narrower(const facts& f) {
  const auto found =
      std::ranges::find_if(f.seen->others, [](const auto& other) { return other.why.starts_with("is only for "); });
  return found == f.seen->others.end() ? nullptr : &*found;
}

// An anonymous pull may be refused as well because there is no such repository; to anything else an anonymous answer is
// final.
judgement judge(const facts& f) {
  if (!was_anonymous(f) || !access_denied(f)) return ruled_out;
  if (between_answered(f) || wants_other_scheme(f) || anonymous_sufficed(f)) return certainty::possible;
  if (token_rejected(f)) return certainty::observed;
  const auto* a = deciding_answer(f);
  if (a != nullptr && a->status == 403) return certainty::likely;
  if (f.seen->action != registry::action::pull) return certainty::observed;
  return a != nullptr && f.sent_authorization == authorization_kind::none ? certainty::observed : certainty::likely;
}

// A program that was asked and has none: "docker-credential-pass has none for harbor.example.com".
std::string asked_in_vain(const facts& f) {
  constexpr std::string_view has_none = " has none for ";
  for (const auto& other : f.seen->others) {
    if (const auto at = other.why.find(has_none); at != std::string::npos) return other.why.substr(0, at);
  }
  return {};
}

std::string where(const facts& f) {
  const auto& searched = f.seen->searched;
  const std::size_t shown = searched.size() <= 4 ? searched.size() : 3;
  std::vector<std::string> places(searched.begin(), searched.begin() + static_cast<std::ptrdiff_t>(shown));
  if (searched.size() > shown) places.push_back(fmt::format("{} more places", searched.size() - shown));
  return words::listed(places);
}

std::string summary(const facts& f) {
  using namespace words;
  const auto so = fmt::format("{} was refused", activity(f));
  if (f.seen->missing == auth::absence::no_sources) {
    const auto places = where(f).empty() ? std::string() : " (looked at " + where(f) + ")";
    return fmt::format("no credential for {}: no credential file was found{}; {}", host(f), places, so);
  }
  if (const auto* near = narrower(f)) {
    return fmt::format("no credential for this on {}: {} in {} {}; {}", host(f), shortened(near->key, 64), near->source,
                       near->why, so);
  }
  if (const auto* near = near_miss(f)) {
    return fmt::format("no credential for {} in {}: the file has {}, but the image name has {}; {}", host(f),
                       near->source, shortened(near->key, 64), host(f), so);
  }
  if (const auto program = asked_in_vain(f); !program.empty()) {
    return fmt::format("no credential for {}: {} has none; {}", host(f), program, so);
  }
  const auto in = where(f).empty() ? std::string() : " in " + where(f);
  return fmt::format("no credential for {}{}; {}", host(f), in, so);
}

std::vector<std::string> fix(const facts& f) {
  if (f.seen->missing == auth::absence::no_sources) {
    return {
        "Mount a docker config.json and name it in regpass.toml: [credentials] docker_config = "
        "[\"/run/secrets/regpass\"]",
        "It holds: " + form_of_entry(f)};
  }
  std::vector<std::string> steps;
  if (const auto* near = narrower(f)) {
    steps.push_back(fmt::format("If {} is also meant for this request, extend its repositories or actions",
                                words::quoted(near->key)));
  } else if (const auto* other = near_miss(f)) {
    steps.push_back(fmt::format("If {} in {} is meant for {}, name it {}", words::quoted(other->key), other->source,
                                words::host(f), words::quoted(key_for(f))));
  }
  if (const auto program = asked_in_vain(f); program.starts_with("docker-credential-")) {
    steps.push_back(fmt::format("Check why {} has none: printf {} | {} get", program, key_for(f), program));
  }
  steps.push_back(fmt::format("{} {}: {}", steps.empty() ? "Add an entry to" : "Otherwise add an entry to",
                              place_of_credentials(f), form_of_entry(f)));
  return steps;
}

}  // namespace no_credential

namespace credential_undecodable {

const auth::considered* culprit(const facts& f) {
  const auto found =
      std::ranges::find_if(f.seen->others, [](const auto& other) { return other.why.starts_with("unusable"); });
  if (found != f.seen->others.end()) return &*found;
  return f.seen->others.empty() ? nullptr : &f.seen->others.front();
}

std::string problem(const auth::considered& entry) {
  constexpr std::string_view prefix = "unusable: ";
  return entry.why.starts_with(prefix) ? entry.why.substr(prefix.size()) : entry.why;
}

judgement judge(const facts& f) {
  const bool applies = f.seen->source.empty() && f.seen->missing == auth::absence::unusable && !used_clients_own(f);
  return observed_if(applies && access_denied(f));
}

std::string summary(const facts& f) {
  const auto* entry = culprit(f);
  const auto so = words::activity(f) + " was refused without it";
  if (entry == nullptr) return fmt::format("the credential for {} cannot be used; {}", words::host(f), so);
  return fmt::format("the credential for {} in {} cannot be used: {}; {}", words::host(f), entry->source,
                     problem(*entry), so);
}

std::vector<std::string> fix(const facts& f) {
  const auto* entry = culprit(f);
  const auto key =
      entry == nullptr ? std::string() : fmt::format(" {} in {}", words::quoted(entry->key), entry->source);
  // Programs and files that hold nothing but a secret have an error of their own that says it all.
  const bool of_docker = entry == nullptr || problem(*entry).starts_with("auth ") ||
                         problem(*entry).starts_with("the ") ||
                         problem(*entry).find(" is no string") != std::string::npos;
  if (!of_docker) return {fmt::format("Correct{}; regpass picks up the change automatically", key)};
  return {fmt::format("Recreate the entry{}; generate its auth with: printf '%s:%s' USER PASSWORD | base64 -w0", key)};
}

}  // namespace credential_undecodable

namespace credential_rejected {

judgement judge_answer(const facts& f) {
  const bool is_401 = f.last_answer->status == 401;
  if (f.sent_authorization == authorization_kind::basic) {
    if (is_401) return certainty::observed;
    // Registries that know Basic only (ECR) say 403 to an expired password as well as to a missing right.
    return speaks_of_rights(f) ? certainty::possible : certainty::likely;
  }
  if (is_ready_made(f)) {
    if (insufficient_scope(f) || f.token_over_s.value_or(0) > 0) return ruled_out;
    return is_401 ? certainty::observed : certainty::possible;
  }
  // Some token servers (Harbor's) give a wrong password an anonymous token instead of a refusal.
  return token_is_anonymous(f) ? judgement(certainty::likely) : ruled_out;
}

judgement judge(const facts& f) {
  if (!used_credential(f)) return ruled_out;
  if (token_rejected(f)) return speaks_of_scope(f) ? certainty::possible : certainty::observed;
  if (token_forbidden(f)) return certainty::possible;
  return registry_denied(f) && !between_answered(f) ? judge_answer(f) : ruled_out;
}

std::string summary(const facts& f) {
  using namespace words;
  if (deciding_answer(f) != nullptr && token_is_anonymous(f)) {
    return fmt::format(
        "{} did not recognize {}: its token server issued an anonymous token, so the credential is probably wrong or "
        "expired",
        host(f), holder(f));
  }
  auto text = fmt::format("{} rejected {}: wrong or expired", host(f), holder(f));
  const auto said = refusal(f);
  if (!said.empty()) text += ", it says " + words::quoted(said, 100);
  if (f.decided_by == speaker::token_server) text += " (token server " + token_server(f) + ")";
  return text;
}

std::vector<std::string> fix(const facts& f) {
  std::vector<std::string> steps{fmt::format("Renew the {} of {}", words::secret_kind(f), words::entry(f))};
  // Names that registries reserve for passwords which die within hours.
  const auto& name = f.seen->username;
  if (name == "AWS" || name == "oauth2accesstoken" || name == "gitlab-ci-token" || name.starts_with("00000000-0000")) {
    steps.push_back(fmt::format(
        "Passwords of the user {} are valid only for hours: whatever writes the file must rewrite it in time",
        words::quoted(name)));
  }
  words::advise_check(f, steps);
  return steps;
}

}  // namespace credential_rejected

constexpr std::array rows{
    cause{.name = "no-credential",
          .title = "There is no credential for this registry",
          .judge = no_credential::judge,
          .summary = no_credential::summary,
          .fix = no_credential::fix,
          .fix_text =
              "Add an entry for the host, exactly as in image names, to the file that regpass reads: {\"auths\": "
              "{\"HOST\": {\"auth\": \"<base64 of user:password>\"}}}\nDocker Hub's key is https://index.docker.io/v1/",
          .doc = {.seen = "The first 401 was followed by no token request, or by one without Authorization; the answer "
                          "to that is 401 or 403. Clients report: failed to fetch anonymous token; no basic auth "
                          "credentials; pull access denied.",
                  .why = "No file that regpass reads has an entry for this host. Clients and regpass look a host up by "
                         "its exact name and port.",
                  .apart = "With a rejected password, a request did carry the credential.",
                  .look_alikes = "credential-rejected credential-entry-empty not-found-or-hidden"}},
    cause{.name = "credential-undecodable",
          .title = "The credential cannot be used",
          .judge = credential_undecodable::judge,
          .summary = credential_undecodable::summary,
          .fix = credential_undecodable::fix,
          .fix_text = "Recreate the entry; generate its auth with: printf '%s:%s' USER PASSWORD | base64 -w0",
          .doc = {.seen = "The same as without a credential, although there is an entry for the host.",
                  .why = "The entry cannot be decoded: invalid base64, no colon, or empty. regpass keeps the other "
                         "entries; docker stops at the first bad one.",
                  .apart = "The log event credentials-loaded at startup names the entry and the reason.",
                  .look_alikes = "no-credential credential-not-base64 credential-entry-empty"}},
    cause{.name = "credential-rejected",
          .title = "The credential was rejected",
          .judge = credential_rejected::judge,
          .summary = credential_rejected::summary,
          .fix = credential_rejected::fix,
          .fix_text = "Renew the password or token of the named entry\nTest it step by step: regpass check REFERENCE",
          .doc = {.seen = "401 from the token server, or 401 or 403 from the registry to Basic. The registry itself "
                          "sent only the first challenge.",
                  .why = "The password or token is wrong, revoked, expired, or belongs to another registry.",
                  .apart = "The refusal comes before any decision about a repository. With a missing permission, a "
                           "token is issued, but it grants less.",
                  .look_alikes = "granted-less credential-spoils-public-pull token-for-nobody"}},
};

}  // namespace

std::span<const cause> credential_causes() noexcept {
  return rows;
}

judgement judge_no_credential(const facts& f) {
  return no_credential::judge(f);
}

}  // namespace regpass::diagnosis
