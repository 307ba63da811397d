// The token: whose it is, what it grants, when it is valid.
#include "diagnosis/causes/families.hpp"
#include "diagnosis/causes/signs.hpp"
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
  const bool refused = registry_denied(f) && f.last_answer->status == 401 && f.sent_authorization == "bearer";
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
          .title = "A stale credential breaks the pull of a public image",
          .notice = is_spoilt,
          .summary_text = "{host} rejected {holder}; {repository} is public and was pulled without it",
          .fix_text = "Renew {entry}, or remove it: the image is public",
          .doc = {.seen = "The token request with the credential is refused (401, or 403 by GHCR); the same request "
                          "without it is granted. regpass then pulls without it.",
                  .why = "Other clients never fall back to anonymous once they have an entry.",
                  .apart = "For a private image the anonymous request is refused as well.",
                  .look_alikes = "credential-rejected"}},
    cause{.name = "token-for-nobody",
          .title = "The token server did not recognise the credential and gave a token for nobody",
          .general = "credential-rejected granted-less not-found-or-hidden denied-by-registry",
          .judge = judge_nobody,
          .summary_text = "{host} did not recognise {holder}: its token server gave a token for nobody instead of "
                          "refusing it",
          .fix_text =
              "Renew {entry}: on Harbor a wrong secret, a disabled and an expired robot all end like this\n{check}",
          .doc = {.seen = "The token request carried the credential and got 200, but the token's sub is empty and it "
                          "grants nothing, or pull of a public project; then 401.",
                  .why = "Harbor refuses at its token endpoint only when no scope is asked (docker login). Everything "
                         "else falls through to anonymous.",
                  .apart = "A token that names the user and grants little means a missing right.",
                  .look_alikes = "granted-less harbor-right-missing credential-rejected"}},
    cause{.name = "access-token-too-narrow",
          .title = "The access token was made for less",
          .general = "granted-less credential-rejected",
          .judge = judge_narrow,
          .summary_text = "{host} gives no token {identity} for {activity}: the access token was made for less (read "
                          "only); it says {said} (token server {token-server})",
          .fix_text = "Make an access token with Read & Write and store it in {entry}\n"
                      "Or do not ask for push: a cache export to the registry asks for it, too",
          .doc = {.seen = "401 by the token server: access token has insufficient scopes. The registry is never asked.",
                  .why = "A personal access token made as Read-only. Docker Hub refuses the whole scope instead of "
                         "granting pull.",
                  .apart = "The same token does for a pull; a wrong password fails for that as well.",
                  .look_alikes = "credential-rejected granted-less"}},
    cause{
        .name = "scope-refused",
        .title = "The token server gives no token for this scope",
        .general = "granted-less",
        .judge = judge_scope,
        .summary_text = "{host} gives no token {identity} for {activity}: it says {said} (token server {token-server})",
        .fix_text = "Give {user} the right, or create the repository if it does not exist\n"
                    "Or use another credential: replace {entry}\n{check}",
        .doc = {.seen = "403 by the token server, with a registry's error body: Google names the permission, GHCR says "
                        "denied.",
                .why = "Some registries decide about rights while giving the token instead of giving a smaller one.",
                .apart = "A wrong password is a 401, but for GHCR, which says 403 DENIED to it, too. A page (HTML) is "
                         "of something in between.",
                .look_alikes = "credential-rejected granted-less plan-limit gitlab-address-banned"}},
    cause{.name = "ready-made-token-expired",
          .title = "The ready-made token has expired",
          .general = "token-expired credential-rejected",
          .judge = judge_ready_made_expired,
          .summary_text = "{host} refused {holder}: the token, which is sent as it stands, has expired",
          .fix_text = "Replace the token of {entry}, or store user and password: regpass then gets fresh tokens by "
                      "itself",
          .doc = {.seen = "No token request at all: the same Bearer token on every request, 401 invalid_token.",
                  .why = "registrytoken, or a token_file, is sent as it is for any scope; nothing renews it.",
                  .apart = "The token's own exp is past.",
                  .look_alikes = "token-expired ready-made-token-too-narrow"}},
    cause{.name = "ready-made-token-too-narrow",
          .title = "The ready-made token is for another repository or for less",
          .general = "granted-less credential-rejected",
          .judge = judge_ready_made_narrow,
          .summary_text =
              "{host} refused {holder} for {activity}: the token, which is sent as it stands, does not cover "
              "it",
          .fix_text = "Store user and password in {entry} instead: regpass then asks for a token for each repository",
          .doc = {.seen = "The same Bearer token on every request, 401 insufficient_scope.",
                  .why = "A registrytoken was made for one repository and stands in an entry for the whole host.",
                  .apart = "The token's access names another repository or fewer actions.",
                  .look_alikes = "ready-made-token-expired granted-less"}},
    cause{
        .name = "granted-push-without-pull",
        .title = "The token grants push without pull",
        .general = "granted-less",
        .judge = judge_push_without_pull,
        .summary_text = "token for {host} grants push on {repository} without pull {identity}, and pushing needs both",
        .fix_text = "Let the token server grant pull and push to {user} on {repository}",
        .doc = {.seen = "access holds push only; POST .../blobs/uploads/ gets 401 insufficient_scope.",
                .why = "The distribution registry wants pull and push for POST, PUT and PATCH.",
                .apart = "pull is what lacks: the inverse of a read-only account.",
                .look_alikes = "granted-less"}},
    cause{.name = "token-not-yet-valid",
          .title = "The token begins in the registry's future",
          .general = "token-expired denied-by-registry",
          .judge = judge_too_early,
          .summary_text =
              "{host} refused the fresh token of {token-server} {identity}: by the registry's clock it is not "
              "valid yet",
          .fix_text = "Set the clocks of {host} and of its token server by NTP",
          .doc = {.seen =
                      "The token request gets 200, its immediate use 401; a second later or on another node it works.",
                  .why = "The token server's clock is ahead of the registry's, beyond the leeway (distribution 60 s, "
                         "Quay 30 s, older ones none).",
                  .apart = "The Date field of the 401 is before the token's nbf or iat. Our own clock does not matter.",
                  .look_alikes = "token-expired token-for-other-audience"}},
    cause{.name = "token-for-other-audience",
          .title = "The token is for another audience",
          .general = "denied-by-registry",
          .judge = judge_audience,
          .summary_text =
              "{host} does not accept the token that {token-server} made {identity}: the token's audience is "
              "not the service that the registry names",
          .fix_text = "Let the registry's service and the token server's audience be the same, character by character "
                      "(port, case, slash at the end)",
          .doc = {.seen =
                      "401 invalid_token to a token that is in time and grants everything; aud is not the challenge's "
                      "service.",
                  .why = "The registry was renamed, or the token server is configured with another service.",
                  .apart = "Wrong audience, wrong issuer and expiry bring the same invalid_token; the claims tell.",
                  .look_alikes = "token-expired token-not-yet-valid denied-by-registry"}},
};

}  // namespace

std::span<const cause> exchange_causes() noexcept {
  return rows;
}

}  // namespace regpass::diagnosis
