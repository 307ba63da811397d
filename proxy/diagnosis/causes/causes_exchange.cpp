// The token: whose it is, what it grants, when it is valid.
#include "diagnosis/causes/predicates.hpp"
#include "diagnosis/causes/tables.hpp"
#include "regpass/auth/challenge.hpp"
#include "regpass/base/text.hpp"
#include "regpass/diagnosis/diagnose.hpp"

#include <algorithm>
#include <array>

namespace regpass::diagnosis {
namespace {

std::string service_of(const facts& f) {
  if (f.token_request != nullptr) return f.token_request->service;
  for (const auto& one : challenges_in(f)) {
    if (one.scheme == "bearer") return std::string(one.param("service").value_or(""));
  }
  return {};
}

// Seconds until the token begins, by the registry's clock.
std::int64_t too_early_by(const facts& f) {
  if (f.claims == nullptr || !f.registry_time_s) return 0;
  const auto from = f.claims->not_before ? f.claims->not_before : f.claims->issued_at;
  return from ? *from - *f.registry_time_s : 0;
}

judgement judge_too_early(const facts& f) {
  const bool refused =
      registry_denied(f) && f.last_answer->status == 401 && f.sent_authorization == authorization_kind::bearer;
  const auto& said = f.last_answer == nullptr ? std::string() : f.last_answer->challenge_error;
  if (!refused || (!said.empty() && said != "invalid_token") || granted_too_little(f)) return ruled_out;
  constexpr std::int64_t jitter = 2;
  return likely_if(too_early_by(f) > jitter);
}

judgement judge_audience(const facts& f) {
  if (!invalid_token(f) || f.claims == nullptr || f.claims->audience.empty() || f.token_over_s.value_or(0) > 0) {
    return ruled_out;
  }
  const auto service = service_of(f);
  const bool meant = std::ranges::find(f.claims->audience, service) != f.claims->audience.end();
  return likely_if(!service.empty() && !meant && too_early_by(f) <= 0);
}

bool push_without_pull(const facts& f) {
  if (!granted_too_little(f)) return false;
  const auto& lacking = f.lacking.list();
  const auto& granted = f.granted->list();
  return lacking.size() == 1 && lacking.front().actions.size() == 1 && lacking.front().actions.contains("pull") &&
         std::ranges::any_of(granted, [&](const auto& one) {
           return one.name == lacking.front().name && one.actions.contains("push");
         });
}

judgement judge_push_without_pull(const facts& f) {
  return observed_if(registry_denied(f) && !between_answered(f) && !invalid_token(f) && used_credential(f) &&
                     push_without_pull(f));
}

bool is_spoilt(const facts& f) {
  return f.passed_over && !f.failed && !f.seen->source.empty();
}

judgement judge_scope(const facts& f) {
  if (!token_forbidden(f) || !used_credential(f)) return ruled_out;
  return lower(f.token_answer->content_type).starts_with("text/html") ? certainty::possible : certainty::likely;
}

judgement judge_narrow(const facts& f) {
  return likely_if(token_rejected(f) && used_credential(f) && says(f, {"insufficient scope"}));
}

judgement judge_nobody(const facts& f) {
  return likely_if(token_is_anonymous(f) && registry_denied(f) && !between_answered(f) && !invalid_token(f));
}

judgement judge_ready_made_expired(const facts& f) {
  return observed_if(is_ready_made(f) && used_credential(f) && registry_denied(f) && f.token_over_s.value_or(0) > 0);
}

judgement judge_ready_made_narrow(const facts& f) {
  return observed_if(is_ready_made(f) && used_credential(f) && registry_denied(f) && f.token_over_s.value_or(0) <= 0 &&
                     granted_too_little(f));
}

constexpr std::array rows{
    cause{.name = passed_over,
          .title = "The credential was rejected, but the image is public",
          .notice = is_spoilt,
          .summary_text = "{host} rejected {holder}; {repository} is public and was pulled without it",
          .fix_text = "Renew {entry}, or remove it, because the image is public",
          .doc = {.seen = "The token request with the credential is refused (401, or 403 from GHCR), but succeeds "
                          "without it. regpass then pulls the image anonymously.",
                  .why = "The credential has expired or was revoked. Other clients do not fall back to anonymous "
                         "access when they have an entry.",
                  .apart = "For a private image the anonymous request is refused as well.",
                  .look_alikes = "credential-rejected"}},
    cause{.name = "token-for-nobody",
          .title = "The token server did not recognize the credential and issued an anonymous token",
          .general = "credential-rejected granted-less not-found-or-hidden denied-by-registry",
          .judge = judge_nobody,
          .summary_text =
              "{host} did not recognize {holder}: its token server issued an anonymous token instead of rejecting it",
          .fix_text = "Renew {entry}: on Harbor, a wrong secret, a disabled robot and an expired robot all have this "
                      "result\n{check}",
          .doc = {.seen = "The token request carried the credential and got 200, but the token's sub is empty and it "
                          "grants nothing, or only pull on a public project; then 401.",
                  .why = "Harbor's token endpoint rejects a credential only when no scope is requested (docker login). "
                         "In all other cases it falls back to anonymous access.",
                  .apart = "A token that names the user but grants little means a missing permission.",
                  .look_alikes = "granted-less harbor-right-missing credential-rejected"}},
    cause{
        .name = "access-token-too-narrow",
        .title = "The access token's permissions are too narrow",
        .general = "granted-less credential-rejected",
        .judge = judge_narrow,
        .summary_text = "{host} issues no token {identity} for {activity}: the access token's permissions are too "
                        "narrow (read-only); it says {said} (token server {token-server})",
        .fix_text = "Create an access token with Read & Write permission and store it in {entry}\n"
                    "Or avoid the push: note that exporting the build cache to the registry is a push as well",
        .doc =
            {.seen = "401 from the token server: access token has insufficient scopes. The registry itself is not "
                     "contacted.",
             .why =
                 "The personal access token is read-only. Docker Hub refuses the whole scope instead of granting pull.",
             .apart = "The same token works for a pull; a wrong password fails for a pull as well.",
             .look_alikes = "credential-rejected granted-less"}},
    cause{
        .name = "scope-refused",
        .title = "The token server refused to issue a token for this scope",
        .general = "granted-less",
        .judge = judge_scope,
        .summary_text =
            "{host} issues no token {identity} for {activity}: it says {said} (token server {token-server})",
        .fix_text = "Grant {user} the permission, or create the repository if it does not exist\n"
                    "Or use another credential: replace {entry}\n{check}",
        .doc =
            {.seen =
                 "403 from the token server with a registry error body: Google names the permission, GHCR says denied.",
             .why = "Some registries check permissions when they issue the token, instead of issuing one that grants "
                    "less.",
             .apart = "A wrong password is a 401, except on GHCR, which answers 403 DENIED to it as well. An HTML page "
                      "comes from an intermediary.",
             .look_alikes = "credential-rejected granted-less plan-limit gitlab-address-banned"}},
    cause{.name = "ready-made-token-expired",
          .title = "The configured token has expired",
          .general = "token-expired credential-rejected",
          .judge = judge_ready_made_expired,
          .summary_text = "{host} refused {holder}: the configured token, which is sent unchanged, has expired",
          .fix_text =
              "Replace the token in {entry}, or store user name and password: regpass then obtains new tokens itself",
          .doc = {.seen =
                      "There is no token request: every request has the same Bearer token and gets 401 invalid_token.",
                  .why = "A registrytoken or a token_file is sent unchanged for every scope; nothing renews it.",
                  .apart = "The token's own exp is in the past.",
                  .look_alikes = "token-expired ready-made-token-too-narrow"}},
    cause{
        .name = "ready-made-token-too-narrow",
        .title = "The configured token does not cover this request",
        .general = "granted-less credential-rejected",
        .judge = judge_ready_made_narrow,
        .summary_text =
            "{host} refused {holder} for {activity}: the configured token, which is sent unchanged, does not cover it",
        .fix_text =
            "Store user name and password in {entry} instead: regpass then requests a token for each repository",
        .doc = {.seen = "Every request has the same Bearer token and gets 401 insufficient_scope.",
                .why = "A registrytoken that was issued for one repository is stored in an entry for the whole host.",
                .apart = "The token's access names another repository or fewer actions.",
                .look_alikes = "ready-made-token-expired granted-less"}},
    cause{.name = "granted-push-without-pull",
          .title = "The token grants push without pull",
          .general = "granted-less",
          .judge = judge_push_without_pull,
          .summary_text = "token for {host} grants push on {repository} without pull {identity}, but a push needs both",
          .fix_text = "Configure the token server to grant {user} both pull and push on {repository}",
          .doc = {.seen = "The token's access contains only push; POST .../blobs/uploads/ gets 401 insufficient_scope.",
                  .why = "The distribution registry requires pull and push for POST, PUT and PATCH.",
                  .apart = "The missing action is pull: the opposite of a read-only account.",
                  .look_alikes = "granted-less"}},
    cause{.name = "token-not-yet-valid",
          .title = "The token is not valid yet by the registry's clock",
          .general = "token-expired denied-by-registry",
          .judge = judge_too_early,
          .summary_text =
              "{host} refused the new token of {token-server} {identity}: by the registry's clock it is not valid yet",
          .fix_text = "Synchronize the clocks of {host} and its token server with NTP",
          .doc = {.seen = "The token request gets 200, but using the token immediately gets 401; a second later or on "
                          "another node it works.",
                  .why = "The token server's clock is ahead of the registry's, beyond the leeway (distribution 60 s, "
                         "Quay 30 s, older ones none).",
                  .apart = "The Date field of the 401 is earlier than the token's nbf or iat. The clock of regpass "
                           "does not matter.",
                  .look_alikes = "token-expired token-for-other-audience"}},
    cause{.name = "token-for-other-audience",
          .title = "The token is for another audience",
          .general = "denied-by-registry",
          .judge = judge_audience,
          .summary_text = "{host} does not accept the token that {token-server} issued {identity}: its audience is not "
                          "the service that the registry names",
          .fix_text = "Make the registry's service and the token server's audience identical, character by character "
                      "(port, case, trailing slash)",
          .doc = {.seen = "401 invalid_token to a token that has not expired and grants everything; its aud is not the "
                          "challenge's service.",
                  .why = "The registry was renamed, or the token server is configured with another service.",
                  .apart = "A wrong audience, a wrong issuer and expiry all result in invalid_token; the token's "
                           "claims show which.",
                  .look_alikes = "token-expired token-not-yet-valid denied-by-registry"}},
};

}  // namespace

std::span<const cause> exchange_causes() noexcept {
  return rows;
}

}  // namespace regpass::diagnosis
