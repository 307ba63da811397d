// Credentials of the clouds, which live for hours and have forms of their own: Amazon ECR, Google, Azure.
#include "diagnosis/causes/predicates.hpp"
#include "diagnosis/causes/tables.hpp"

#include <array>

namespace regpass::diagnosis {
namespace {

bool is_ecr(const facts& f) {
  return f.seen->registry.find(".dkr.ecr") != std::string::npos || f.seen->registry == "public.ecr.aws";
}

// The credential took part, and the answer is no.
bool refused_with_credential(const facts& f) {
  return used_credential(f) && access_denied(f);
}

namespace ecr {

constexpr std::string_view undecoded = "ecr-password-not-decoded";
constexpr std::string_view expired = "ecr-password-expired";

judgement judge_undecoded(const facts& f) {
  return observed_if(refused_with_credential(f) && fault_of(undecoded, f) != nullptr);
}

judgement judge_expired(const facts& f) {
  if (!refused_with_credential(f) || fault_of(undecoded, f) != nullptr) return ruled_out;
  if (fault_of(expired, f) != nullptr) return certainty::observed;
  const bool ours = is_ecr(f) || f.seen->username == "AWS";
  return observed_if(ours && says(f, {"token has expired", "token is expired"}));
}

judgement judge_action(const facts& f) {
  return observed_if(registry_denied(f) && says(f, {"not authorized to perform: ecr"}));
}

judgement judge_repository(const facts& f) {
  const bool unknown = registry_status(f) == 404 && has_code(f, "NAME_UNKNOWN");
  return observed_if(unknown && (is_ecr(f) || says(f, {"does not exist in the registry with id"})));
}

}  // namespace ecr

namespace google {

constexpr std::string_view mangled = "google-key-mangled";

judgement judge_access_token(const facts& f) {
  const bool rejected = token_rejected(f) || (registry_denied(f) && registry_status(f) == 401);
  return used_credential(f) && rejected && f.seen->username == "oauth2accesstoken" ? judgement(certainty::likely)
                                                                                   : ruled_out;
}

judgement judge_key(const facts& f) {
  const bool seen_before = fault_of(mangled, f) != nullptr && refused_with_credential(f);
  const bool said = f.seen->username.starts_with("_json_key") && says(f, {"unable to parse json key"});
  return observed_if(seen_before || said);
}

judgement judge_shut_down(const facts& f) {
  const bool host = f.seen->registry == "gcr.io" || f.seen->registry.ends_with(".gcr.io");
  return observed_if(host && (token_status(f) == 412 || registry_status(f) == 412));
}

}  // namespace google

namespace azure {

constexpr std::string_view refresh = "acr-refresh-token-expired";

judgement judge_refresh(const facts& f) {
  if (!refused_with_credential(f) || !f.seen->username.starts_with("00000000-0000-0000")) return ruled_out;
  return fault_of(refresh, f) != nullptr ? certainty::observed : certainty::likely;
}

judgement judge_login(const facts& f) {
  return observed_if(refused_with_credential(f) && says(f, {"aka.ms/acr/authorization"}));
}

}  // namespace azure

constexpr std::array rows{
    cause{
        .name = ecr::undecoded,
        .title = "The ECR authorizationToken was stored as the password without decoding it",
        .general = "credential-rejected",
        .judge = ecr::judge_undecoded,
        .summary_text = "{host} rejected {holder}: the password is an authorizationToken that was not decoded",
        .fix_text = "Decode the token and store the part behind the colon as the password of AWS\n"
                    "Or write what this prints: aws ecr get-login-password --region REGION",
        .doc = {.seen = "403 DENIED saying that the token has expired, for a token that is a minute old.",
                .why =
                    "GetAuthorizationToken returns base64 of AWS:password, and that value was stored as the password.",
                .apart =
                    "Such a password begins with QVdTO, the base64 of \"AWS:\", so it is recognized before it is sent.",
                .look_alikes = "ecr-password-expired credential-rejected"}},
    cause{.name = ecr::expired,
          .title = "ECR's 12-hour password has expired",
          .general = "credential-rejected denied-by-registry",
          .judge = ecr::judge_expired,
          .summary_text = "{host} rejected {holder}: ECR passwords are valid for 12 hours, and this one has expired",
          .fix_text = "Rewrite the file every 6 to 8 hours, for example with a CronJob or external-secrets and aws ecr "
                      "get-login-password\n"
                      "Or let regpass run a credential provider (ecr-login, the kubelet's ecr-credential-provider) for "
                      "a fresh one",
          .doc = {.seen = "403 DENIED: Your authorization token has expired. Reauthenticate and try again. A HEAD gets "
                          "403 without a body. There is no WWW-Authenticate.",
                  .why = "The password of get-login-password is valid for 12 hours and was stored in a static Secret.",
                  .apart = "A missing IAM permission is also a 403, but it names the principal and the action. The "
                           "password itself is base64 of a JSON object with its expiration.",
                  .look_alikes = "ecr-action-missing ecr-password-not-decoded credential-rejected"}},
    cause{.name = "ecr-action-missing",
          .title = "The IAM principal is not allowed to perform an ECR action",
          .general = "denied-by-registry credential-rejected granted-less",
          .judge = ecr::judge_action,
          .summary_text = "{host} refused {activity} {identity}: the IAM principal lacks a permission: {said}",
          .fix_text = "In the principal's policy, allow the named action on the named repository; a repository in "
                      "another account also needs a repository policy\n"
                      "If this is the wrong principal, replace {entry}\n{check}",
          .doc = {.seen = "403 DENIED: User: arn:aws:... is not authorized to perform: ecr:InitiateLayerUpload on "
                          "resource: arn:aws:ecr:...",
                  .why = "The action is missing from the identity's or the repository's policy, or an explicit deny or "
                         "a service control policy forbids it.",
                  .apart = "The principal was accepted, so the password is valid.",
                  .look_alikes = "ecr-password-expired client-uses-other-credential"}},
    cause{
        .name = "ecr-repository-missing",
        .title = "The ECR repository does not exist",
        .general = "not-found-or-hidden",
        .judge = ecr::judge_repository,
        .summary_text =
            "{host} has no repository {repository}: ECR does not create repositories on push; it says {said}",
        .fix_text = "Create it: aws ecr create-repository --repository-name {repository}\n"
                    "Check account and region in the host name; each nested path is a separate repository",
        .doc = {.seen = "404 NAME_UNKNOWN: The repository with name '...' does not exist in the registry with id '...'",
                .why = "ECR does not create repositories on push unless a creation template applies.",
                .apart = "ECR does not report a missing repository as 403, so the 404 is reliable.",
                .look_alikes = "name-contains-host not-found-or-hidden"}},
    cause{
        .name = google::mangled,
        .title = "The Google service account key is damaged",
        .general = "credential-rejected",
        .judge = google::judge_key,
        .summary_text = "{host} rejected {holder}: the stored password is not a service account key in the format that "
                        "this user name requires",
        .fix_text = "For the user _json_key store the key's JSON unchanged, for _json_key_base64 its base64; in a "
                    "config.json, user:key is base64-encoded once more\n"
                    "Recreate {entry} directly from the key file, not through a shell variable",
        .doc =
            {.seen = "401 or 400: Unable to parse json key.",
             .why =
                 "_json_key was used with a base64 key, or quotes and line breaks were lost in a shell or CI variable.",
             .apart = "The user name determines the format: the password must be JSON (or base64 of it) with \"type\": "
                      "\"service_account\".",
             .look_alikes = "google-access-token credential-rejected credential-is-json"}},
    cause{
        .name = "google-access-token",
        .title = "The Google access token has probably expired (they are valid for one hour)",
        .general = "credential-rejected",
        .judge = google::judge_access_token,
        .summary_text = "{host} rejected {holder}: Google access tokens are valid for one hour, so it has probably "
                        "expired; it says {said}",
        .fix_text = "Make whatever writes {entry} rewrite it at least every half hour\n"
                    "Or use workload identity, or a service account key (_json_key)",
        .doc = {.seen = "401 from the token server or the registry, though it worked an hour ago.",
                .why = "The Secret was made from gcloud auth print-access-token; such tokens are valid for 60 minutes.",
                .apart = "The user is oauth2accesstoken. The token is opaque, so only its age indicates the cause.",
                .look_alikes = "credential-rejected google-key-mangled"}},
    cause{.name = "gcr-shut-down",
          .title = "Container Registry (gcr.io) was shut down, and this project was not migrated",
          .general = "token-server-error request-refused granted-less",
          .judge = google::judge_shut_down,
          .summary_text = "{host} answered 412 to {activity}: Container Registry was shut down in 2025 and this "
                          "project was not migrated to Artifact Registry",
          .fix_text = "Migrate the project: gcloud artifacts docker upgrade migrate --projects=PROJECT\n"
                      "Or push to LOCATION-docker.pkg.dev",
          .doc = {.seen = "412 Precondition Failed from the token endpoint of gcr.io: Container Registry is deprecated "
                          "and shutting down.",
                  .why = "Container Registry was shut down on 18 March 2025; Artifact Registry now serves gcr.io, and "
                         "the project needs a gcr.io repository there.",
                  .apart = "The credential is not the problem: it was never checked.",
                  .look_alikes = "token-server-error"}},
    cause{.name = azure::refresh,
          .title = "The Azure refresh token (valid for 3 hours) has expired or belongs to another registry",
          .general = "credential-rejected acr-login-or-role",
          .judge = azure::judge_refresh,
          .summary_text =
              "{host} rejected {holder}: Azure refresh tokens are valid for about 3 hours and for one registry",
          .fix_text = "Renew {entry} before it expires: az acr login --name REGISTRY --expose-token\n"
                      "Or use a service principal, a repository token or workload identity",
          .doc = {.seen = "401 UNAUTHORIZED at /oauth2/token for the user 00000000-0000-0000-0000-000000000000.",
                  .why = "The output of az acr login --expose-token was stored in a Secret.",
                  .apart = "The password is a readable JWT: check its exp and aud.",
                  .look_alikes = "acr-login-or-role credential-rejected"}},
    cause{.name = "acr-login-or-role",
          .title = "Azure refused the request: invalid credential or missing role",
          .general = "credential-rejected granted-less denied-by-registry",
          .judge = azure::judge_login,
          .summary_text = "{host} refused {activity} {identity} with an error that it uses both for an invalid "
                          "credential and for a missing role",
          .fix_text = "Check whether a pull works: regpass check {host}/{repository}; if it does, a role is missing: "
                      "assign AcrPush, or content/write in the token's scope map\n"
                      "If a pull does not work either: renew the secret, or enable the repository token or the admin "
                      "user ({entry})",
          .doc = {.seen = "401 UNAUTHORIZED: authentication required, visit https://aka.ms/acr/authorization, at "
                          "/oauth2/token or at the repository.",
                  .why = "Azure uses the same text for a wrong or expired secret, a disabled repository token or admin "
                         "user, a missing role, and a scope map without content/write.",
                  .apart = "If the token endpoint answers 401 to a pull as well, the credential is invalid. If it "
                           "issues a token without push, the role is missing. The text alone does not show which.",
                  .look_alikes = "credential-rejected granted-less acr-refresh-token-expired"}},
};

}  // namespace

std::span<const cause> cloud_causes() noexcept {
  return rows;
}

}  // namespace regpass::diagnosis
