// Refusals that only look like authentication, and a client that brings what it should not.
#include "diagnosis/causes/families.hpp"
#include "diagnosis/causes/signs.hpp"
#include "diagnosis/present/phrases.hpp"
#include "regpass/base/text.hpp"
#include "regpass/registry/operation.hpp"
#include "regpass/registry/reference.hpp"

#include <algorithm>
#include <array>

namespace regpass::diagnosis {
namespace {

judgement judge_immutable(const facts& f) {
  if (!is_manifest_put(f)) return ruled_out;
  const auto status = registry_status(f);
  const bool words = says(f, {"immutable", "already exists", "already pushed", "cannot be overwritten"});
  if (status == 409 && (has_code(f, "TAG_IMMUTABLE") || has_code(f, "TAG_ALREADY_EXISTS"))) return certainty::observed;
  if (status == 400 && has_code(f, "TAG_INVALID")) return words ? certainty::observed : certainty::likely;
  if (status == 412 && has_code(f, "PRECONDITION")) return words ? certainty::observed : certainty::likely;
  const bool conflict = status == 400 || status == 409 || status == 412 || registry_denied(f);
  return likely_if(conflict && says(f, {"immutable"}));
}

judgement judge_format(const facts& f) {
  return observed_if(is_manifest_put(f) && registry_status(f) == 400 && has_code(f, "MANIFEST_INVALID"));
}

bool has_any_code(const facts& f, std::string_view code) {
  const auto* a = deciding_answer(f);
  return a != nullptr && std::ranges::any_of(a->errors, [&](const auto& one) { return one.code == code; });
}

// What it lacks is one sign, a registry that says so of its content the other.
judgement judge_broken_manifest(const facts& f) {
  const auto status = registry_status(f);
  const bool refused = status == 400 || status == 404 || status == 415 || status == 422;
  if (!is_manifest_put(f) || !refused || f.seen->manifest_flaw.empty()) return ruled_out;
  const bool of_content = has_any_code(f, "MANIFEST_INVALID") || has_any_code(f, "MANIFEST_BLOB_UNKNOWN") ||
                          has_any_code(f, "MANIFEST_UNVERIFIED") || says(f, {"did not match uploaded content"});
  return of_content ? certainty::likely : certainty::possible;
}

// A tag is no digest that could be wrong: so distribution says that it read an empty link to a blob. That somebody
// pushed one just then is known of clients of this regpass only.
judgement judge_concurrent(const facts& f) {
  if (!is_manifest_put(f) || registry_status(f) != 400 || !has_code(f, "DIGEST_INVALID")) return ruled_out;
  const auto what = registry::parse_operation(f.seen->method, f.seen->path.substr(0, f.seen->path.find('?')));
  const bool by_tag = what && !registry::is_digest(what->reference);
  const bool fits = by_tag && f.seen->manifest_flaw.empty() && says(f, {"did not match uploaded content"});
  if (!fits) return ruled_out;
  return f.seen->blob_pushed_meanwhile ? certainty::likely : certainty::possible;
}

judgement judge_read_only(const facts& f) {
  if (!is_write(f) || f.seen->action != "push" || registry_status(f) != 405 || between_answered(f)) return ruled_out;
  return f.last_answer->api_version || has_code(f, "UNSUPPORTED") ? certainty::observed : certainty::likely;
}

// Where deletion is off, registries say that they do not know the method.
judgement judge_deletion_off(const facts& f) {
  if (f.seen->method != "DELETE" || f.seen->action != "delete" || registry_status(f) != 405 || between_answered(f)) {
    return ruled_out;
  }
  return f.last_answer->api_version || has_code(f, "UNSUPPORTED") ? certainty::observed : certainty::likely;
}

judgement judge_policy(const facts& f) {
  if (registry_status(f) != 412 || (f.seen->method != "GET" && f.seen->method != "HEAD")) return ruled_out;
  return has_code(f, "PROJECTPOLICYVIOLATION") ? certainty::observed : certainty::possible;
}

judgement judge_address(const facts& f) {
  const bool refused = registry_denied(f) || token_forbidden(f);
  return observed_if(refused && says(f, {"client with ip", "ip address is not allowed", "/acr/firewall"}));
}

judgement judge_name(const facts& f) {
  const auto first = f.seen->repository.substr(0, f.seen->repository.find('/'));
  if (first.size() == f.seen->repository.size() || first.find('.') == std::string::npos) return ruled_out;
  const bool unknown = registry_status(f) == 404 && has_code(f, "NAME_UNKNOWN");
  if (!unknown && !access_denied(f)) return ruled_out;
  if (first == f.seen->registry.substr(0, f.seen->registry.find(':'))) return certainty::observed;
  return unknown ? certainty::likely : certainty::possible;
}

judgement judge_no_registry(const facts& f) {
  if (registry_status(f) != 404 || f.last_answer->api_version || !f.last_answer->errors.empty()) return ruled_out;
  if (f.seen->action == "ping") return certainty::observed;
  return between_answered(f) ? judgement(certainty::possible) : ruled_out;
}

// Granted all, and no word in answer to a GET either.
judgement judge_silent(const facts& f) {
  const bool silent = f.seen->method == "HEAD" && f.asked_for_reason && words::refusal(f).empty();
  return observed_if(silent && registry_denied(f) && granted_all(f));
}

// No path of the API, so that it got no credential.
judgement judge_unknown_upload(const facts& f) {
  const auto& e = *f.seen;
  const bool goes_on = e.action.empty() && (e.method == "PATCH" || e.method == "PUT");
  return observed_if(goes_on && !adds_nothing(e) && f.sent_authorization == "none" && registry_denied(f));
}

judgement judge_client_without(const facts& f) {
  const bool ours_stayed = adds_nothing(*f.seen) && f.sent_authorization == "none";
  return observed_if(ours_stayed && registry_denied(f));
}

std::string client_without_summary(const facts& f) {
  if (f.seen->injection == "step") {
    return words::host(f) + " refused " + words::activity(f) +
           ": the request looks like a build step's and brought no credential, and client_auth.steps = \"anonymous\" "
           "lets regpass add none";
  }
  return words::host(f) + " refused " + words::activity(f) +
         ": the client sent no credential, and authorization = \"observe\" lets regpass add none";
}

std::vector<std::string> client_without_fix(const facts& f) {
  if (f.seen->injection == "step") {
    return {"Let the build fetch it, not a step: FROM, COPY --from and ADD get the builder's credential",
            "Or let the step bring a login of its own, as a build secret"};
  }
  return {
      "Let regpass send its own: " + words::in_registry_table(f, "authorization = \"replace\""),
      "Or attach a credential provider to the client: buildkitd asks the connected client, never a file of its own"};
}

judgement judge_client_other(const facts& f) {
  const auto& e = *f.seen;
  const bool own = f.sent_authorization == "client" && !e.client_username.empty() && !e.username.empty();
  return likely_if(own && e.client_username != e.username && registry_denied(f));
}

constexpr std::array rows{
    cause{.name = "tag-immutable",
          .title = "The tag exists and must not be written again",
          .general = "request-refused denied-by-registry",
          .judge = judge_immutable,
          .summary_text = "{host} did not accept {activity}: the tag exists and is immutable; it says {said}",
          .fix_text = "Push a new tag, or by digest\n"
                      "Or relax the rule: ECR: imageTagMutability of the repository; Harbor: the project's Tag "
                      "Immutability; Quay: the tag's setting\n"
                      "Builds for several platforms, and cache exports, may write the same tag twice",
          .doc = {.seen =
                      "Only the last PUT of the manifest fails: 400 TAG_INVALID (ECR), 412 PRECONDITION (Harbor), 409 "
                      "TAG_IMMUTABLE or TAG_ALREADY_EXISTS (Quay). All blobs were accepted.",
                  .why = "A rule of the repository forbids to move a tag that exists.",
                  .apart = "No matter of rights: everything before it succeeded with the same token.",
                  .look_alikes = "manifest-format-refused redeploy-disabled"}},
    cause{.name = "manifest-format-refused",
          .title = "The registry does not take this manifest's format",
          .general = "request-refused",
          .judge = judge_format,
          .summary_text =
              "{host} did not accept the manifest of {activity}: its format or content, not the right, is the "
              "matter; it says {said}",
          .fix_text = "Build without attestations (--provenance=false --sbom=false), or with oci-mediatypes=false\n"
                      "Upgrade the registry: old ones know neither OCI indexes nor artifacts",
          .doc = {.seen = "400 MANIFEST_INVALID to PUT .../manifests/, 500 by some versions.",
                  .why = "The registry is too old for OCI indexes and attestations, forbids artifact types, or a blob "
                         "that the manifest names is missing.",
                  .apart = "All blobs were uploaded with the same token; the media type stands in the request.",
                  .look_alikes = "tag-immutable redeploy-disabled"}},
    cause{
        .name = "manifest-broken",
        .title = "The pushed manifest is broken",
        .general = "request-refused manifest-format-refused",
        .judge = judge_broken_manifest,
        .summary =
            [](const facts& f) {
              return words::host(f) + " did not accept the manifest of " + words::activity(f) + ": " +
                     f.seen->manifest_flaw + "; it says " + words::quoted(words::refusal(f), 160);
            },
        .fix_text = "Look at what the client or script pushes: the manifest itself is incomplete\n"
                    "Build and push the image again with a client that makes the manifest itself",
        .doc = {.seen = "400 MANIFEST_INVALID, DIGEST_INVALID or MANIFEST_BLOB_UNKNOWN to PUT .../manifests/, and the "
                        "body that was sent has no config, no layers or no manifests.",
                .why = "The manifest was written by hand, by a script, or cut off before it was pushed.",
                .apart = "The evidence has the manifest's size, media type and what it lacks.",
                .look_alikes = "manifest-format-refused concurrent-push"}},
    cause{.name = "concurrent-push",
          .title = "A blob of the manifest was pushed once more at that moment",
          .general = "request-refused",
          .judge = judge_concurrent,
          .summary_text =
              "{host} did not accept the manifest of {activity}: a blob was pushed to the same repository at that "
              "moment; it says {said}",
          .fix_text = "Push again: nothing is wrong with image or credential\n"
                      "Let a build export its cache to a repository of its own: exported beside the image, to the same "
                      "one, it pushes the same blobs at the same time\n"
                      "Let one job at a time push to a repository",
          .doc = {.seen = "400 DIGEST_INVALID, \"provided digest did not match uploaded content\", to PUT "
                          ".../manifests/TAG, now and then. All blobs were accepted.",
                  .why = "distribution on a file system writes the link to a blob anew, in place, for each push of it. "
                         "A manifest that names the blob is refused while the file is empty.",
                  .apart = "A tag is no digest that could be wrong; a manifest pushed by digest has it in the path.",
                  .look_alikes = "manifest-format-refused request-refused"}},
    cause{.name = "registry-read-only",
          .title = "The registry takes no writes",
          .general = "request-refused",
          .judge = judge_read_only,
          .summary_text =
              "{host} did not accept {activity}: it takes no writes (405); it is read-only or a pull-through "
              "cache",
          .fix_text = "Push to a writable instance, or to the registry behind the cache\n"
                      "Whoever runs {host} finds it as storage.maintenance.readonly or proxy.remoteurl",
          .doc = {.seen = "405 to POST .../blobs/uploads/: with Allow: GET, HEAD, or with the code UNSUPPORTED.",
                  .why = "Maintenance mode, or the registry is a cache of another one. The token may well hold push.",
                  .apart = "Docker-Distribution-Api-Version is there: the registry itself spoke. HTML would be a web "
                           "server before it.",
                  .look_alikes = "not-a-registry request-refused"}},
    cause{.name = "deletion-off",
          .title = "The registry deletes nothing",
          .general = "request-refused",
          .judge = judge_deletion_off,
          .summary_text =
              "{host} did not do {activity}: deletion is switched off there (405); no right or credential would help",
          .fix_text = "Whoever runs {host} switches it on: storage.delete.enabled = true of distribution\n"
                      "Or have the registry's own retention rules or user interface remove it",
          .doc = {.seen = "405 to DELETE .../manifests/, with the code UNSUPPORTED.",
                  .why = "distribution deletes nothing unless it is told to, and neither does a pull-through cache.",
                  .apart = "The registry itself spoke, and a missing right would be 401 or 403.",
                  .look_alikes = "registry-read-only request-refused granted-less"}},
    cause{.name = "pull-blocked-by-policy",
          .title = "A policy of the project blocks the pull",
          .general = "request-refused",
          .judge = judge_policy,
          .summary_text =
              "{host} does not give out {repository}: a policy on vulnerabilities or signatures blocks it; it "
              "says {said}",
          .fix_text = "Fix and scan, or sign, the image; or let the project's administrator make an exception",
          .doc = {.seen = "412 PROJECTPOLICYVIOLATION to the GET of a manifest.",
                  .why = "Harbor's projects can forbid images with vulnerabilities or without a signature.",
                  .apart = "412 to a GET: no matter of login.",
                  .look_alikes = "tag-immutable gcr-shut-down"}},
    cause{.name = "upload-unknown",
          .title = "The upload goes on at a path that regpass did not see handed out",
          .general = "no-credential denied-by-registry",
          .judge = judge_unknown_upload,
          .summary_text =
              "{host} refused the next part of an upload at a path outside its API: regpass did not see the "
              "upload begin, so no credential was sent",
          .fix_text = "Push again: the upload has to begin anew, through this regpass\n"
                      "Let all requests of a push go through the same regpass",
          .doc = {.seen = "PATCH or PUT to a path that is none of the registry API, such as /artifacts-uploads/..., "
                          "gets 401 or 403; no credential was sent.",
                  .why = "The paths that registries hand out for uploads do not always name the repository. regpass "
                         "remembers whose they are, but not across a restart, nor for uploads that were begun past it.",
                  .apart = "A POST to .../blobs/uploads/ through regpass comes first in a push that works.",
                  .look_alikes = "no-credential upload-leads-elsewhere"}},
    cause{.name = "address-not-allowed",
          .title = "The registry's firewall does not allow this address",
          .general = "denied-by-registry no-credential scope-refused granted-less",
          .judge = judge_address,
          .summary_text =
              "{host} refused {activity} because of the address that it came from, not of the credential: it "
              "says {said}",
          .fix_text = "Add the address that is named to the registry's allowed networks; it is the one of the NAT or "
                      "egress gateway, and rules take minutes to act\n"
                      "Or use the registry's private endpoint",
          .doc = {.seen = "403 DENIED: client with IP 'A.B.C.D' is not allowed access; without a credential as well.",
                  .why = "Public network access is limited.",
                  .apart = "The body names an address. The code DENIED misleads.",
                  .look_alikes = "denied-by-registry credential-rejected"}},
    cause{.name = "name-contains-host",
          .title = "The repository's name begins with a host",
          .general = "not-found-or-hidden ecr-repository-missing granted-less no-credential",
          .judge = judge_name,
          .summary_text =
              "{host} has no repository {repository}: its name begins with a host, which was probably written "
              "twice",
          .fix_text = "Leave the host out of the variable that is meant for the repository's name",
          .doc = {.seen = "/v2/HOST/NAME/...: 404 NAME_UNKNOWN with the long name.",
                  .why = "A whole image reference was pasted where only the name belongs.",
                  .apart = "The first part of the path contains dots.",
                  .look_alikes = "ecr-repository-missing not-found-or-hidden"}},
    cause{.name = "not-a-registry",
          .title = "What answers there is no registry",
          .general = "request-refused",
          .judge = judge_no_registry,
          .summary_text =
              "what answers for {host} is no registry: {activity} got 404 without any sign of the registry API",
          .fix_text =
              "Check host and port: Nexus has a connector (port or subdomain) for each Docker repository, its web "
              "port does not serve /v2/\n"
              "Or let the reverse proxy pass /v2/ to the registry",
          .doc = {.seen = "404 to /v2/, mostly with HTML, without Docker-Distribution-Api-Version.",
                  .why = "The web interface's port, a context path, or a reverse proxy's default page.",
                  .apart = "A registry that lacks an image says so in JSON.",
                  .look_alikes = "request-refused registry-read-only"}},
    cause{
        .name = "head-refused-without-reason",
        .title = "Refused without a reason, to a GET as well",
        .general = "denied-by-registry",
        .judge = judge_silent,
        .summary_text =
            "{host} refused {activity} {identity}: {status} without any reason, though the token grants it; "
            "a GET brought none either",
        .fix_text = "Whoever runs {host} finds more in its log at this time: rights beyond the token, a policy, its "
                    "storage\n{check}",
        .doc = {.seen = "The first request of a push, HEAD .../blobs/sha256:..., gets 403 without a body. Clients say: "
                        "unexpected status from HEAD request: 403 Forbidden.",
                .why = "HEAD has no body, so permission, expiry, firewall and policy look the same. regpass asks once "
                       "more by GET and reads the first bytes of the refusal.",
                .apart = "Where the GET has a body, it decides which of the others it is.",
                .look_alikes = "denied-by-registry registry-storage-refuses"}},
    cause{
        .name = "client-without-credential",
        .title = "The client sends no credential, and regpass was told to add none",
        .general = "denied-by-registry no-credential",
        .judge = judge_client_without,
        .summary = client_without_summary,
        .fix = client_without_fix,
        .fix_text =
            "Let regpass send its own: write authorization = \"replace\" under [[registry]] host = \"{host}\" in "
            "regpass.toml\n"
            "Or attach a credential provider to the client: buildkitd asks the connected client, never a file of "
            "its own",
        .doc = {.seen =
                    "Requests without Authorization for every host, though credentials are mounted next to buildkitd.",
                .why = "buildkitd keeps no credentials: it asks the client that is connected (buildctl, buildx), and a "
                       "Go program must attach a provider itself.",
                .apart = "If some hosts do authenticate, it is a matter of that host's entry.",
                .look_alikes = "no-credential client-uses-other-credential"}},
    cause{
        .name = "client-uses-other-credential",
        .title = "The client uses a credential of its own, not the mounted one",
        .general = "denied-by-registry credential-rejected",
        .judge = judge_client_other,
        .summary_text = "{host} refused {activity}: the client brought a credential of its own, and not that of {user} "
                        "from the mounted file",
        .fix_text = "Log out at the client, or start it with an empty DOCKER_CONFIG\n"
                    "Or let regpass put its own in place: write authorization = \"replace\" under [[registry]] host = "
                    "\"{host}\" in regpass.toml",
        .doc = {.seen = "403 DENIED, or a token without push, for a valid credential of another principal.",
                .why = "BuildKit uses what the connected client offers: the developer's login, not the pod's.",
                .apart = "The Authorization that came in names another user than the mounted entry.",
                .look_alikes = "ecr-action-missing client-without-credential"}},
};

}  // namespace

std::span<const cause> refusal_causes() noexcept {
  return rows;
}

}  // namespace regpass::diagnosis
