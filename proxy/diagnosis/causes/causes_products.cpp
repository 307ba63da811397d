// What single products say in a way of their own: Harbor, Quay, GitLab, Nexus, Artifactory, Oracle, Gitea.
#include "diagnosis/causes/families.hpp"
#include "diagnosis/causes/signs.hpp"
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
  if (!registry_denied(f) || f.last_answer->status != 401 || f.sent_authorization != "bearer") return ruled_out;
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
  if (f.sent_authorization == "bearer" && used_credential(f) && !is_ready_made(f)) {
    return f.granted ? certainty::possible : certainty::likely;
  }
  return was_anonymous(f) && f.seen->action == "pull" ? judgement(certainty::possible) : ruled_out;
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
    cause{
        .name = "harbor-right-missing",
        .title = "Harbor accepted the user, who lacks the right",
        .general = "granted-less denied-by-registry",
        .judge = harbor::judge_right,
        .summary_text = "{host} refused {activity} {identity}: the user is accepted, but has no such right in the "
                        "project; it says {said}",
        .fix_text = "Give {user} the right in the project: the robot's permissions, or the member's role (Developer "
                    "or higher to push)\n{check}",
        .doc = {.seen = "A request with a Bearer token gets 401 with WWW-Authenticate: Basic realm=\"harbor\" and: "
                        "unauthorized to access repository: P/R, action: push. Without Authorization the same path "
                        "gives a Bearer challenge.",
                .why = "Harbor turns to a Basic challenge whenever an Authorization was sent. The robot lacks push, or "
                       "the member is a Guest.",
                .apart = "The token names the user; one for nobody means that the password was not accepted.",
                .look_alikes = "token-for-nobody granted-less project-missing"}},
    cause{
        .name = "project-missing",
        .title = "The project does not exist",
        .general = "not-found-or-hidden granted-less harbor-right-missing denied-by-registry",
        .judge = harbor::judge_project,
        .summary_text = "{host} has no project for {repository}: projects are not created by a push; it says {said}",
        .fix_text = "Create the project, or correct the first part of the name {repository}",
        .doc = {.seen = "401 UNAUTHORIZED with an empty WWW-Authenticate and words of a project that is not found; the "
                        "token for that scope is given, with no actions.",
                .why = "The first part of the path is no project of Harbor, or the name lacks it.",
                .apart = "An empty challenge together with not found is Harbor's way to say so.",
                .look_alikes = "harbor-right-missing not-found-or-hidden"}},
    cause{
        .name = "robot-refused",
        .title = "The robot account was refused",
        .general = "credential-rejected",
        .judge = quay::judge_robot,
        .summary_text = "{host} rejected {holder}: it says {said}",
        .fix_text = "Copy user and token anew from the robot's docker configuration into {entry}: the name is "
                    "ORGANISATION+ROBOT, with the plus",
        .doc = {.seen = "401 by the token server: Could not find robot with username: ORG+NAME and supplied password; "
                        "or: Robot ORG+NAME owner ORG is disabled.",
                .why = "The token was regenerated, the robot deleted or disabled, or the + was lost by URL encoding.",
                .apart = "Quay's words are precise. A user without + is taken for a person's account.",
                .look_alikes = "credential-rejected"}},
    cause{.name = "repository-name-refused",
          .title = "The registry does not take this repository name",
          .general = "token-server-error request-refused",
          .judge = quay::judge_name,
          .summary_text = "{host} does not take the name {repository}: it says {said}",
          .fix_text = "Use a name that this registry takes: on Quay two parts, NAMESPACE/NAME, unless "
                      "FEATURE_EXTENDED_REPOSITORY_NAMES is on",
          .doc = {.seen = "400 NAME_INVALID or INVALID_REQUEST, by the token server or the registry.",
                  .why = "Nested names are not supported, or the name breaks the registry's own rules.",
                  .apart = "The credential was not judged yet.",
                  .look_alikes = "token-server-error name-contains-host"}},
    cause{.name = "gitlab-job-token",
          .title = "A GitLab job token, which lives as long as its job and for its own project",
          .general = "credential-rejected granted-less gitlab-access-denied access-token-too-narrow",
          .judge = gitlab::judge_job_token,
          .summary_text =
              "{host} refused {holder} for {activity}: a job token ends with its job and may push to its own "
              "project only",
          .fix_text = "Store a deploy token or project access token with read_registry and write_registry in {entry}\n"
                      "For another project's images: add this project to its job token allowlist",
          .doc = {.seen = "401 HTTP Basic: Access denied after the job has ended; a token without push for another "
                          "project while it runs.",
                  .why = "CI_JOB_TOKEN was put into a Secret, or a build on a shared builder outlives its job.",
                  .apart = "The user gitlab-ci-token in a long-lived Secret is itself the finding.",
                  .look_alikes = "gitlab-access-denied granted-less"}},
    cause{.name = "gitlab-access-denied",
          .title = "GitLab refused the password or token",
          .general = "credential-rejected granted-less access-token-too-narrow",
          .judge = gitlab::judge_access,
          .summary_text = "{host} rejected {holder}: GitLab takes tokens with registry scopes, not the password of "
                          "an account with two-factor login",
          .fix_text = "Store a personal, project or deploy token with read_registry and write_registry in {entry}; one "
                      "that expires today is refused already",
          .doc = {.seen = "401 by /jwt/auth: HTTP Basic: Access denied. If a password was provided ...",
                  .why = "One text for a wrong or expired token, missing scopes, a password of an account with 2FA, a "
                         "blocked user, and password login that is off.",
                  .apart = "The user name is a hint: gitlab-ci-token, gitlab+deploy-token-N, an e-mail address.",
                  .look_alikes = "gitlab-job-token credential-rejected"}},
    cause{
        .name = "gitlab-address-banned",
        .title = "GitLab may have banned this address",
        .judge = gitlab::judge_ban,
        .summary_text = "{token-server} answered 403 without a reason to {activity} at {host} {identity}: GitLab bans "
                        "an address for an hour after many failed logins",
        .fix_text = "Look back in the log for 401s from {token-server}, correct that entry, wait for an hour\n"
                    "Let GitLab's administrator allow this address (rack_attack, or the IP allowlist)",
        .doc = {.seen = "/jwt/auth answers 403 for every user, without a registry's error body, for one hour.",
                .why = "30 failed logins in 3 minutes from one address (self-managed, optional). One bad entry on a "
                       "shared builder blocks all.",
                .apart = "403 for a good credential shortly after a series of 401s. A right that is missing shows the "
                         "same status: both are named.",
                .look_alikes = "scope-refused"}},
    cause{.name = "nexus-token-realm",
          .title = "Nexus does not take its own tokens: a realm is not active",
          .general = "denied-by-registry granted-less",
          .judge = nexus::judge_realm,
          .summary_text = "{host} refused {activity} {identity} although its token server had said yes: the Docker "
                          "Bearer Token Realm is probably not active",
          .fix_text = "In Nexus: Security, Realms, activate Docker Bearer Token Realm; for anonymous pulls also enable "
                      "them on the repository and give the anonymous role read",
          .doc = {.seen = "Server: Nexus; the token endpoint answers 200, and the fresh token is refused with 401; or "
                          "anonymous pulls get a BASIC challenge though anonymous access is on.",
                  .why = "Docker's tokens are taken only if that realm is active.",
                  .apart = "The same account works with Basic.",
                  .look_alikes = "no-credential denied-by-registry"}},
    cause{.name = "redeploy-disabled",
          .title = "The repository does not allow to write again what is there",
          .general = "request-refused",
          .judge = nexus::judge_redeploy,
          .summary_text =
              "{host} did not accept {activity}: its deployment policy forbids updating what exists; it says "
              "{said}",
          .fix_text = "In Nexus: set the repository's deployment policy to allow redeploy (at least for latest)\n"
                      "Or push really new content under a new tag",
          .doc = {.seen = "400 BLOB_UPLOAD_INVALID to the manifest, with a detail: Repository does not allow updating "
                          "assets.",
                  .why = "The deployment policy is Disable redeploy.",
                  .apart = "The code misleads; the detail tells.",
                  .look_alikes = "tag-immutable manifest-format-refused"}},
    cause{.name = "quota-exceeded",
          .title = "The storage quota is used up",
          .general = "denied-by-registry request-refused",
          .judge = others::judge_quota,
          .summary_text = "{host} refused {activity}: the quota of the project or namespace is used up; it says {said}",
          .fix_text = "Raise the quota, or delete images and run retention and garbage collection",
          .doc = {.seen = "403 DENIED to an upload or manifest; the message speaks of storage or quota.",
                  .why = "The project's or namespace's limit for storage is reached.",
                  .apart = "DENIED, but the token has push, and pulls work.",
                  .look_alikes = "denied-by-registry plan-limit"}},
    cause{.name = "plan-limit",
          .title = "The plan's limit is reached",
          .general = "granted-less denied-by-registry scope-refused",
          .judge = others::judge_plan,
          .summary_text =
              "{host} refused {activity} {identity}: a limit of the account's plan is reached; it says {said}",
          .fix_text = "Upgrade the plan, or use a repository that exists",
          .doc = {.seen = "403 by the token server; the reason stands in its body only: registry contains 1 "
                          "repositories, limit is 1.",
                  .why = "The plan allows so many repositories.",
                  .apart = "The credential is good: pulls work.",
                  .look_alikes = "scope-refused quota-exceeded"}},
    cause{
        .name = "permission-missing",
        .title = "The user is accepted, but lacks the permission",
        .general = "denied-by-registry granted-less credential-rejected",
        .judge = others::judge_permission,
        .summary_text = "{host} refused {activity} {identity}: the user is known, the permission is missing; it says "
                        "{said}",
        .fix_text = "Extend the permission target (Artifactory: Deploy or Read on the repository) to {user}\n"
                    "If {host} is not the registry that the image names: a mirror rewrites it\n{check}",
        .doc = {.seen = "403, though the code may be UNAUTHORIZED: The client does not have permission to push to the "
                        "repository.",
                .why = "The identity is accepted and has no right there; or Xray or curation blocks it.",
                .apart = "A refused identity is a 401. Server: Artifactory although the image names another registry "
                         "means a mirror.",
                .look_alikes = "granted-less artifactory-credential-refused"}},
    cause{
        .name = "artifactory-credential-refused",
        .title = "Artifactory refused the credential",
        .general = "credential-rejected",
        .judge = others::judge_artifactory,
        .summary_text = "{host} rejected {holder}: Artifactory says {said}",
        .fix_text = "Store an identity token of the right user in {entry}\n"
                    "The realm's path names the repository that the request was mapped to: see whether it is the one "
                    "that was meant",
        .doc = {.seen = "401 by /artifactory/api/docker/REPOSITORY/v2/token: BAD_CREDENTIAL.",
                .why = "The password, API key or identity token is wrong or expired, or another user's file was read.",
                .apart = "The path of the realm shows which repository the proxy before Artifactory mapped to.",
                .look_alikes = "credential-rejected permission-missing"}},
    cause{
        .name = "credential-taken-for-anonymous",
        .title = "The registry took the credential for none",
        .general = "denied-by-registry granted-less credential-rejected scope-refused",
        .judge = others::judge_anonymous,
        .summary_text = "{host} treats {holder} as anonymous: user name or password is not of the form that it knows; "
                        "it says {said}",
        .fix_text = "Oracle OCIR: the user is TENANCY-NAMESPACE/USER (federated: NAMESPACE/oracleidentitycloudservice/"
                    "USER), the password an Auth Token, not an API key\n"
                    "Google: the user must be oauth2accesstoken, _json_key or _json_key_base64",
        .doc = {.seen = "DENIED: Anonymous users are only allowed read access on public repos - though a credential "
                        "was sent.",
                .why = "Some registries do not refuse a credential that they do not recognise: they go on as if there "
                       "were none.",
                .apart = "The message speaks of anonymous users, the request carried a credential.",
                .look_alikes = "no-credential token-for-nobody"}},
    cause{
        .name = "gitea-package-scope",
        .title = "The Gitea or Forgejo token lacks the package scope",
        .general = "denied-by-registry granted-less credential-rejected",
        .judge = others::judge_package,
        .summary_text = "{host} refused {activity} {identity}: the token lacks write:package, or the owner may not be "
                        "written to",
        .fix_text = "Store a personal access token with write:package in {entry}, of a user who may write to the owner "
                    "of {repository}; job tokens do not do",
        .doc = {.seen = "The token endpoint says 200 to everybody; then 401 UNAUTHORIZED: reqPackageAccess.",
                .why = "Rights are checked per request, not when the token is given.",
                .apart = "The text; the token tells nothing.",
                .look_alikes = "denied-by-registry granted-less"}},
};

}  // namespace

std::span<const cause> product_causes() noexcept {
  return rows;
}

}  // namespace regpass::diagnosis
