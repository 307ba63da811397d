// Docker Hub and GitHub's registry.
#include "diagnosis/causes/predicates.hpp"
#include "diagnosis/causes/tables.hpp"

#include <algorithm>
#include <array>

namespace regpass::diagnosis {
namespace {

bool is_hub(const facts& f) {
  return f.seen->registry == "docker.io";
}

judgement judge_library(const facts& f) {
  const bool push = is_hub(f) && f.seen->action == registry::action::push && f.seen->repository.starts_with("library/");
  if (!push || !access_denied(f) || !used_credential(f)) return ruled_out;
  return granted_too_little(f) ? certainty::observed : certainty::likely;
}

judgement judge_push(const facts& f) {
  const bool lacks_push =
      std::ranges::any_of(f.lacking.list(), [](const auto& one) { return one.actions.contains("push"); });
  return observed_if(is_hub(f) && used_credential(f) && registry_denied(f) && f.granted && lacks_push &&
                     !token_is_anonymous(f) && !invalid_token(f));
}

bool used_up(const facts& f) {
  return f.last_answer != nullptr && f.last_answer->rate_remaining.starts_with("0");
}

judgement judge_pulls(const facts& f) {
  return observed_if(registry_status(f) == 429 && (says(f, {"pull rate limit"}) || used_up(f)));
}

judgement judge_abuse(const facts& f) {
  if (!is_hub(f) || used_up(f) || says(f, {"pull rate limit", "login"})) return ruled_out;
  // One that explains itself, by a code of the registry API, is another limit.
  const bool limited = (registry_status(f) == 429 && f.last_answer->errors.empty()) ||
                       (token_status(f) == 429 && f.token_answer->code.empty());
  return limited ? judgement(certainty::likely) : ruled_out;
}

judgement judge_package(const facts& f) {
  return observed_if(registry_denied(f) &&
                     says(f, {"permission_denied: write_package", "permission_denied: read_package"}));
}

judgement judge_workflow(const facts& f) {
  const bool refused = registry_denied(f) || token_forbidden(f);
  return observed_if(refused && says(f, {"installation not allowed to"}));
}

constexpr std::array rows{
    cause{.name = "hub-name-without-namespace",
          .title = "The image name has no namespace and therefore refers to an official image",
          .general = "granted-less hub-push-not-granted access-token-too-narrow credential-rejected",
          .judge = judge_library,
          .summary_text = "{host} refuses {activity} {identity}: a name without a namespace refers to an official "
                          "image, which only Docker can push",
          .fix_text = "Add your namespace to the image name: docker.io/NAMESPACE/IMAGE\n"
                      "Or add the registry's host, if another registry is meant",
          .doc = {.seen = "The requested scope is repository:library/IMAGE:pull,push; only pull or nothing is granted.",
                  .why = "-t myimage is normalised to docker.io/library/myimage.",
                  .apart = "A push to library/ is almost always a naming mistake.",
                  .look_alikes = "hub-push-not-granted granted-less"}},
    cause{.name = "hub-push-not-granted",
          .title = "Docker Hub does not allow this user to push, or the repository does not exist",
          .general = "granted-less not-found-or-hidden",
          .judge = judge_push,
          .summary_text = "{host} grants no push on {repository} {identity}: wrong namespace, missing permission, or "
                          "no such repository",
          .fix_text = "Check namespace and name: {repository}\n"
                      "In an organization: create the repository, and give a team of {user} write permission\n"
                      "Or use another credential: replace {entry}\n{check}",
          .doc = {.seen = "The token request gets 200, and the token names a user but lacks push; POST "
                          ".../blobs/uploads/ gets 401 insufficient_scope. Clients report: push access denied, "
                          "repository does not exist or may require authorization.",
                  .why = "The namespace is misspelled, the repository was not created in the organization, or the user "
                         "is in no team with write permission. Docker Hub does not say which.",
                  .apart =
                      "The credential was sent and accepted. A read-only access token is refused by the token server.",
                  .look_alikes = "access-token-too-narrow hub-name-without-namespace hub-key-misspelled"}},
    cause{
        .name = "hub-pull-limit",
        .title = "The pull rate limit is exceeded",
        .general = "rate-limited",
        .judge = judge_pulls,
        .summary_text = "{host} limits the rate of {activity} {identity}: the pull limit is exceeded",
        .fix_text = "Use a credential for {host}: anonymous pulls are counted per address, shared by everyone behind "
                    "it; a paid account has no limit\n"
                    "Use a mirror or cache for images that are pulled repeatedly",
        .doc =
            {.seen = "429 TOOMANYREQUESTS to a manifest: You have reached your pull rate limit; ratelimit-remaining: "
                     "0. For anonymous pulls, docker-ratelimit-source is the address that is counted.",
             .why = "Anonymous: 100 per 6 hours per IPv4 address or IPv6 /64; a free account: 200; paid: none. "
                    "Manifest GETs count, HEADs do not.",
             .apart =
                 "If the source is an address although a credential is mounted, the credential was probably not used.",
             .look_alikes = "hub-abuse-limit too-many-failed-logins"}},
    cause{
        .name = "hub-abuse-limit",
        .title = "Docker Hub's request limit per address is exceeded",
        .general = "rate-limited token-server-error",
        .judge = judge_abuse,
        .summary_text = "{host} limits the rate of all requests from this address, including {activity} {identity}",
        .fix_text = "Send fewer requests: use a mirror or cache, or run fewer builds at once\n"
                    "Or use another egress address: behind one NAT, a whole cluster counts as one client",
        .doc = {.seen = "429 with only \"Too Many Requests\", without further text or link, from any Docker Hub host.",
                .why =
                    "There is a limit per address for all requests (thousands per minute), independent of the account.",
                .apart = "The response to an exceeded pull limit explains the limit in its text.",
                .look_alikes = "hub-pull-limit too-many-failed-logins"}},
    cause{.name = "ghcr-package-access",
          .title = "The package does not grant access to this repository's token",
          .general = "denied-by-registry granted-less permission-missing",
          .judge = judge_package,
          .summary_text = "{host} refused {activity} {identity}: the package exists, but does not grant this token "
                          "access; it says {said}",
          .fix_text =
              "On the package's page: Package settings, Manage Actions access, add the repository with the role Write\n"
              "Or connect the package to the repository",
          .doc = {.seen = "403 DENIED: permission_denied: write_package to POST .../blobs/uploads/.",
                  .why = "The package was first pushed manually or belongs to another repository; packages: write in "
                         "the workflow is not sufficient.",
                  .apart = "The same token pushes other packages of the owner.",
                  .look_alikes = "ghcr-workflow-permission"}},
    cause{.name = "ghcr-workflow-permission",
          .title = "The workflow token has no packages permission",
          .general = "denied-by-registry granted-less scope-refused",
          .judge = judge_workflow,
          .summary_text = "{host} refused {activity} {identity}: the workflow token has no permission to write "
                          "packages; it says {said}",
          .fix_text = "Grant the job the permission: permissions: packages: write",
          .doc = {.seen = "403 DENIED: installation not allowed to Create (or Write) organization package.",
                  .why = "GITHUB_TOKEN has no packages: write permission; the organization's default is read-only.",
                  .apart = "\"installation\" refers to the token of an app or workflow. \"Create\" means that the "
                           "package does not exist yet.",
                  .look_alikes = "ghcr-package-access"}},
};

}  // namespace

std::span<const cause> hub_causes() noexcept {
  return rows;
}

}  // namespace regpass::diagnosis
