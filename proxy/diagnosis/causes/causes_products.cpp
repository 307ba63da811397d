// What single products say in a way of their own: Harbor, Quay, GitLab, Nexus, Artifactory, Oracle, Gitea.
#include "diagnosis/causes/predicates.hpp"
#include "diagnosis/causes/tables.hpp"
#include "regpass/base/text.hpp"

#include <algorithm>
#include <array>

namespace regpass::diagnosis {
namespace {

bool refused_with_credential(const facts& f) {
  return used_credential(f) && access_denied(f);
}

namespace harbor {

// It answers a token that does not do with a Basic challenge.
bool only_basic(const facts& f) {
  const auto& all = f.last_answer->challenges;
  return !all.empty() && std::ranges::all_of(all, [](const auto& one) { return lower(one).starts_with("basic"); });
}

judgement judge_right(const facts& f) {
  if (!registry_denied(f) || f.last_answer->status != 401 || f.sent_authorization != authorization_kind::bearer)
    return ruled_out;
  if (!used_credential(f) || is_ready_made(f) || !only_basic(f) || token_is_anonymous(f)) return ruled_out;
  if (granted_too_little(f)) return certainty::observed;
  return likely_if(says(f, {"unauthorized to access repository"}));
}

judgement judge_project(const facts& f) {
  if (registry_status(f) != 401 && registry_status(f) != 404) return ruled_out;
  const bool empty_challenge =
      std::ranges::any_of(f.last_answer->challenges, [](const auto& one) { return one.empty(); });
  const bool missing = says(f, {"not found"});
  if (missing && says(f, {"project"}) && registry_denied(f)) return certainty::observed;
  return likely_if(missing && empty_challenge);
}

}  // namespace harbor

namespace quay {

judgement judge_robot(const facts& f) {
  if (!token_rejected(f) || !used_credential(f)) return ruled_out;
  if (says(f, {"robot"})) return certainty::observed;
  return likely_if(f.seen->registry == "quay.io" && f.seen->username.find('+') != std::string::npos);
}

judgement judge_name(const facts& f) {
  const bool refused = token_status(f) == 400 || registry_status(f) == 400;
  return observed_if(refused &&
                     (has_code(f, "NAME_INVALID") || (token_status(f) == 400 && has_code(f, "INVALID_REQUEST"))));
}

}  // namespace quay

namespace gitlab {

judgement judge_job_token(const facts& f) {
  if (f.seen->username != "gitlab-ci-token" || !refused_with_credential(f)) return ruled_out;
  return likely_if(token_rejected(f) || granted_too_little(f) || insufficient_scope(f));
}

judgement judge_access(const facts& f) {
  return observed_if(token_rejected(f) && used_credential(f) && says(f, {"http basic: access denied"}));
}

judgement judge_ban(const facts& f) {
  const bool bare = token_forbidden(f) && f.token_answer->code.empty();
  return bare && realm_path(f).find("/jwt/auth") != std::string_view::npos ? judgement(certainty::possible) : ruled_out;
}

}  // namespace gitlab

namespace nexus {

bool answers(const facts& f) {
  return f.last_answer != nullptr && lower(f.last_answer->server).find("nexus") != std::string::npos;
}

judgement judge_realm(const facts& f) {
  if (!answers(f) || registry_status(f) != 401) return ruled_out;
  if (f.sent_authorization == authorization_kind::bearer && used_credential(f) && !is_ready_made(f)) {
    return f.granted ? certainty::possible : certainty::likely;
  }
  return was_anonymous(f) && f.seen->action == registry::action::pull ? judgement(certainty::possible) : ruled_out;
}

judgement judge_redeploy(const facts& f) {
  return observed_if(registry_status(f) == 400 && is_write(f) && says(f, {"allow updating assets", "redeploy"}));
}

}  // namespace nexus

namespace others {

judgement judge_permission(const facts& f) {
  if (!used_credential(f) || registry_status(f) != 403 || !registry_denied(f)) return ruled_out;
  if (says(f, {"does not have permission", "no permission"})) return certainty::observed;
  return likely_if(has_code(f, "UNAUTHORIZED") && granted_all(f));
}

judgement judge_artifactory(const facts& f) {
  const bool theirs = realm_path(f).find("/api/docker/") != std::string_view::npos;
  return observed_if(token_rejected(f) && used_credential(f) && theirs);
}

judgement judge_anonymous(const facts& f) {
  if (!refused_with_credential(f) || !says(f, {"anonymous user", "anonymous access", "unauthenticated request"})) {
    return ruled_out;
  }
  return certainty::likely;
}

judgement judge_package(const facts& f) {
  return observed_if(refused_with_credential(f) && says(f, {"reqpackageaccess"}));
}

judgement judge_plan(const facts& f) {
  const bool refused = token_forbidden(f) || registry_status(f) == 403;
  return likely_if(refused && used_credential(f) && says(f, {"limit is ", "plan limit", "subscription"}));
}

judgement judge_quota(const facts& f) {
  const auto status = registry_status(f);
  if (!registry_denied(f) && status != 413 && status != 507) return ruled_out;
  const bool storage = says(f, {"storage"}) && says(f, {"exceed", "upper limit", "full"});
  return observed_if(storage || says(f, {"quota"}));
}

}  // namespace others

constexpr std::array rows{
    cause{.name = "harbor-right-missing",
          .title = "Harbor accepted the user, but the permission is missing",
          .general = "granted-less denied-by-registry",
          .judge = harbor::judge_right,
          .summary_text = "{host} refused {activity} {identity}: the user was accepted, but lacks the permission in "
                          "the project; it says {said}",
          .fix_text = "Grant {user} the permission in the project: with the robot's permissions, or the member's role "
                      "(Developer or higher to push)\n{check}",
          .doc = {.seen = "A request with a Bearer token gets 401 with WWW-Authenticate: Basic realm=\"harbor\" and: "
                          "unauthorized to access repository: P/R, action: push. Without Authorization, the same path "
                          "returns a Bearer challenge.",
                  .why = "Harbor answers with a Basic challenge whenever a request has an Authorization field. The "
                         "robot lacks push, or the member is a Guest.",
                  .apart = "The token names the user; an anonymous token means that the password was not accepted.",
                  .look_alikes = "token-for-nobody granted-less project-missing"}},
    cause{.name = "project-missing",
          .title = "The project does not exist",
          .general = "not-found-or-hidden granted-less harbor-right-missing denied-by-registry",
          .judge = harbor::judge_project,
          .summary_text = "{host} has no project for {repository}: projects are not created on push; it says {said}",
          .fix_text = "Create the project, or correct the first component of {repository}",
          .doc = {.seen = "401 UNAUTHORIZED with an empty WWW-Authenticate and a message that the project was not "
                          "found; a token for that scope is issued, but without actions.",
                  .why = "The first component of the path is not a Harbor project, or it is missing.",
                  .apart = "Harbor reports a missing project with an empty challenge and \"not found\".",
                  .look_alikes = "harbor-right-missing not-found-or-hidden"}},
    cause{
        .name = "robot-refused",
        .title = "The robot account was refused",
        .general = "credential-rejected",
        .judge = quay::judge_robot,
        .summary_text = "{host} rejected {holder}: it says {said}",
        .fix_text = "Copy user name and token from the robot's Docker configuration to {entry} again: the name is "
                    "ORGANIZATION+ROBOT, including the plus sign",
        .doc = {.seen = "401 from the token server: Could not find robot with username: ORG+NAME and supplied "
                        "password; or: Robot ORG+NAME owner ORG is disabled.",
                .why =
                    "The token was regenerated, the robot was deleted or disabled, or the + was lost in URL encoding.",
                .apart = "Quay's message is precise. A user name without + is treated as a personal account.",
                .look_alikes = "credential-rejected"}},
    cause{.name = "repository-name-refused",
          .title = "The registry does not accept this repository name",
          .general = "token-server-error request-refused",
          .judge = quay::judge_name,
          .summary_text = "{host} does not accept the name {repository}: it says {said}",
          .fix_text = "Use a name that this registry accepts: on Quay two components, NAMESPACE/NAME, unless "
                      "FEATURE_EXTENDED_REPOSITORY_NAMES is enabled",
          .doc = {.seen = "400 NAME_INVALID or INVALID_REQUEST from the token server or the registry.",
                  .why = "Nested names are not supported, or the name violates the registry's own rules.",
                  .apart = "The credential has not been checked yet.",
                  .look_alikes = "token-server-error name-contains-host"}},
    cause{.name = "gitlab-job-token",
          .title = "A GitLab job token is valid only for its own job and project",
          .general = "credential-rejected granted-less gitlab-access-denied access-token-too-narrow",
          .judge = gitlab::judge_job_token,
          .summary_text = "{host} refused {holder} for {activity}: a job token expires with its job and can push only "
                          "to its own project",
          .fix_text = "Store a deploy token or project access token with read_registry and write_registry in {entry}\n"
                      "For images of another project: add this project to that project's job token allowlist",
          .doc = {.seen = "401 HTTP Basic: Access denied after the job has ended; while it runs, a token without push "
                          "for another project.",
                  .why = "CI_JOB_TOKEN was put into a Secret, or a build on a shared builder outlives its job.",
                  .apart = "The user gitlab-ci-token must not be in a long-lived Secret at all.",
                  .look_alikes = "gitlab-access-denied granted-less"}},
    cause{.name = "gitlab-access-denied",
          .title = "GitLab refused the password or token",
          .general = "credential-rejected granted-less access-token-too-narrow",
          .judge = gitlab::judge_access,
          .summary_text = "{host} rejected {holder}: GitLab accepts tokens with registry scopes, but not the password "
                          "of an account with 2FA",
          .fix_text = "Store a personal, project or deploy token with read_registry and write_registry in {entry}; a "
                      "token that expires today is already refused",
          .doc = {.seen = "401 from /jwt/auth: HTTP Basic: Access denied. If a password was provided ...",
                  .why = "GitLab uses the same text for a wrong or expired token, missing scopes, the password of an "
                         "account with 2FA, a blocked user, and disabled password login.",
                  .apart = "The user name is a hint: gitlab-ci-token, gitlab+deploy-token-N, an e-mail address.",
                  .look_alikes = "gitlab-job-token credential-rejected"}},
    cause{.name = "gitlab-address-banned",
          .title = "GitLab may have banned this address",
          .judge = gitlab::judge_ban,
          .summary_text = "{token-server} answered 403 without a reason to {activity} at {host} {identity}: GitLab "
                          "bans an address for an hour after many failed logins",
          .fix_text = "Find earlier 401s from {token-server} in the log, correct that entry, and wait for an hour\n"
                      "Ask GitLab's administrator to allow this address (rack_attack, or the IP allowlist)",
          .doc = {.seen = "/jwt/auth answers 403 for every user, without a registry's error body, for one hour.",
                  .why = "There were 30 failed logins in 3 minutes from one address (self-managed, optional). A single "
                         "bad entry on a shared builder blocks everyone.",
                  .apart = "A valid credential gets 403 shortly after a series of 401s. A missing permission has the "
                           "same status, so both causes are named.",
                  .look_alikes = "scope-refused"}},
    cause{.name = "nexus-token-realm",
          .title = "Nexus does not accept its own tokens: a realm is not active",
          .general = "denied-by-registry granted-less",
          .judge = nexus::judge_realm,
          .summary_text = "{host} refused {activity} {identity} although its token server had issued a token: the "
                          "Docker Bearer Token Realm is probably not active",
          .fix_text = "In Nexus: Security, Realms, activate Docker Bearer Token Realm; for anonymous pulls also enable "
                      "them on the repository and give the anonymous role read",
          .doc = {.seen = "Server: Nexus; the token endpoint answers 200, and the fresh token is refused with 401; or "
                          "anonymous pulls get a BASIC challenge though anonymous access is on.",
                  .why = "Nexus accepts Docker tokens only if that realm is active.",
                  .apart = "The same account works with Basic.",
                  .look_alikes = "no-credential denied-by-registry"}},
    cause{.name = "redeploy-disabled",
          .title = "The repository does not allow redeployment",
          .general = "request-refused",
          .judge = nexus::judge_redeploy,
          .summary_text = "{host} did not accept {activity}: its deployment policy forbids overwriting existing "
                          "content; it says {said}",
          .fix_text = "In Nexus: set the repository's deployment policy to allow redeploy (at least for latest)\n"
                      "Or push new content under a new tag",
          .doc =
              {.seen =
                   "400 BLOB_UPLOAD_INVALID to the manifest, with a detail: Repository does not allow updating assets.",
               .why = "The deployment policy is Disable redeploy.",
               .apart = "The code is misleading; the detail shows the cause.",
               .look_alikes = "tag-immutable manifest-format-refused"}},
    cause{
        .name = "quota-exceeded",
        .title = "The storage quota is exceeded",
        .general = "denied-by-registry request-refused",
        .judge = others::judge_quota,
        .summary_text = "{host} refused {activity}: the quota of the project or namespace is exceeded; it says {said}",
        .fix_text = "Raise the quota, or delete images and run retention and garbage collection",
        .doc = {.seen = "403 DENIED to an upload or manifest, with a message about storage or quota.",
                .why = "The storage limit of the project or namespace has been reached.",
                .apart = "The code is DENIED although the token grants push, and pulls work.",
                .look_alikes = "denied-by-registry plan-limit"}},
    cause{.name = "plan-limit",
          .title = "The limit of the account's plan has been reached",
          .general = "granted-less denied-by-registry scope-refused",
          .judge = others::judge_plan,
          .summary_text =
              "{host} refused {activity} {identity}: a limit of the account's plan has been reached; it says {said}",
          .fix_text = "Upgrade the plan, or use an existing repository",
          .doc = {.seen = "403 from the token server; only its body states the reason: registry contains 1 "
                          "repositories, limit is 1.",
                  .why = "The plan limits the number of repositories.",
                  .apart = "The credential is valid, because pulls work.",
                  .look_alikes = "scope-refused quota-exceeded"}},
    cause{.name = "permission-missing",
          .title = "The user was accepted, but the permission is missing",
          .general = "denied-by-registry granted-less credential-rejected",
          .judge = others::judge_permission,
          .summary_text = "{host} refused {activity} {identity}: the user was accepted, but the permission is missing; "
                          "it says {said}",
          .fix_text =
              "Extend the permission target (Artifactory: Deploy or Read on the repository) to {user}\n"
              "If {host} is not the registry in the image name: a mirror configuration redirects to it\n{check}",
          .doc = {.seen = "403, though the code may be UNAUTHORIZED: The client does not have permission to push to "
                          "the repository.",
                  .why = "The user was accepted but lacks the permission, or Xray or curation blocks the request.",
                  .apart = "A rejected user is a 401. \"Server: Artifactory\" although the image names another "
                           "registry means that a mirror is used.",
                  .look_alikes = "granted-less artifactory-credential-refused"}},
    cause{.name = "artifactory-credential-refused",
          .title = "Artifactory refused the credential",
          .general = "credential-rejected",
          .judge = others::judge_artifactory,
          .summary_text = "{host} rejected {holder}: Artifactory says {said}",
          .fix_text = "Store an identity token of the right user in {entry}\n"
                      "The realm's path names the repository that the request was mapped to: check whether it is the "
                      "intended one",
          .doc =
              {.seen = "401 from /artifactory/api/docker/REPOSITORY/v2/token: BAD_CREDENTIAL.",
               .why =
                   "The password, API key or identity token is wrong or expired, or the file of another user was read.",
               .apart =
                   "The realm's path shows which repository the proxy in front of Artifactory mapped the request to.",
               .look_alikes = "credential-rejected permission-missing"}},
    cause{.name = "credential-taken-for-anonymous",
          .title = "The registry treats the credential as anonymous",
          .general = "denied-by-registry granted-less credential-rejected scope-refused",
          .judge = others::judge_anonymous,
          .summary_text = "{host} treats {holder} as anonymous: user name or password do not have the expected format; "
                          "it says {said}",
          .fix_text = "Oracle OCIR: the user is TENANCY-NAMESPACE/USER (federated: "
                      "NAMESPACE/oracleidentitycloudservice/USER), the password an Auth Token, not an API key\n"
                      "Google: the user must be oauth2accesstoken, _json_key or _json_key_base64",
          .doc = {.seen = "DENIED: Anonymous users are only allowed read access on public repos - although a "
                          "credential was sent.",
                  .why = "Some registries do not reject a credential that they do not recognize, but treat the request "
                         "as anonymous.",
                  .apart = "The message mentions anonymous users, but the request carried a credential.",
                  .look_alikes = "no-credential token-for-nobody"}},
    cause{.name = "gitea-package-scope",
          .title = "The Gitea or Forgejo token lacks the package scope",
          .general = "denied-by-registry granted-less credential-rejected",
          .judge = others::judge_package,
          .summary_text = "{host} refused {activity} {identity}: the token lacks write:package, or the user cannot "
                          "write to this owner",
          .fix_text = "Store a personal access token with write:package in {entry}, of a user who can write to the "
                      "owner of {repository}; job tokens do not work",
          .doc = {.seen = "The token endpoint answers 200 to everybody; then 401 UNAUTHORIZED: reqPackageAccess.",
                  .why = "Permissions are checked per request, not when the token is issued.",
                  .apart = "Only the text shows it; the token does not.",
                  .look_alikes = "denied-by-registry granted-less"}},
};

}  // namespace

std::span<const cause> product_causes() noexcept {
  return rows;
}

}  // namespace regpass::diagnosis
