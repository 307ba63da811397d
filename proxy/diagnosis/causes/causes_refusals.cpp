// Refusals that only look like authentication, and a client that brings what it should not.
#include "diagnosis/causes/predicates.hpp"
#include "diagnosis/causes/tables.hpp"
#include "diagnosis/present/wording.hpp"
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
  if (!is_write(f) || f.seen->action != registry::action::push || registry_status(f) != 405 || between_answered(f))
    return ruled_out;
  return f.last_answer->api_version || has_code(f, "UNSUPPORTED") ? certainty::observed : certainty::likely;
}

// Where deletion is off, registries say that they do not know the method.
judgement judge_deletion_off(const facts& f) {
  if (f.seen->method != "DELETE" || f.seen->action != registry::action::remove || registry_status(f) != 405 ||
      between_answered(f)) {
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
  if (f.seen->action == registry::action::ping) return certainty::observed;
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
  return observed_if(goes_on && !adds_nothing(e) && f.sent_authorization == authorization_kind::none &&
                     registry_denied(f));
}

judgement judge_client_without(const facts& f) {
  const bool ours_stayed = adds_nothing(*f.seen) && f.sent_authorization == authorization_kind::none;
  return observed_if(ours_stayed && registry_denied(f));
}

std::string client_without_summary(const facts& f) {
  if (f.seen->injection == injection_mode::build_step) {
    return words::host(f) + " refused " + words::activity(f) +
           ": the request looks like a build step and has no credential, and with client_auth.steps = \"anonymous\" "
           "regpass adds none";
  }
  return words::host(f) + " refused " + words::activity(f) +
         ": the client sent no credential, and with authorization = \"observe\" regpass adds none";
}

std::vector<std::string> client_without_fix(const facts& f) {
  if (f.seen->injection == injection_mode::build_step) {
    return {"Let the builder fetch it instead of a RUN step: FROM, COPY --from and ADD use the builder's credential",
            "Or give the step its own credential as a build secret"};
  }
  return {"Let regpass send its own credential: " + words::in_registry_table(f, "authorization = \"replace\""),
          "Or attach a credential provider to the client: buildkitd asks the connected client and never reads a file "
          "itself"};
}

judgement judge_client_other(const facts& f) {
  const auto& e = *f.seen;
  const bool own =
      f.sent_authorization == authorization_kind::client && !e.client_username.empty() && !e.username.empty();
  return likely_if(own && e.client_username != e.username && registry_denied(f));
}

constexpr std::array rows{
    cause{.name = "tag-immutable",
          .title = "The tag exists and is immutable",
          .general = "request-refused denied-by-registry",
          .judge = judge_immutable,
          .summary_text = "{host} did not accept {activity}: the tag exists and is immutable; it says {said}",
          .fix_text = "Push a new tag, or by digest\n"
                      "Or relax the rule: ECR: imageTagMutability of the repository; Harbor: the project's Tag "
                      "Immutability; Quay: the tag's setting\n"
                      "Builds for several platforms, and cache exports, may write the same tag twice",
          .doc = {.seen = "Only the final PUT of the manifest fails: 400 TAG_INVALID (ECR), 412 PRECONDITION (Harbor), "
                          "409 TAG_IMMUTABLE or TAG_ALREADY_EXISTS (Quay). All blobs were accepted.",
                  .why = "A rule of the repository forbids changing an existing tag.",
                  .apart = "This is not about permissions: all earlier requests succeeded with the same token.",
                  .look_alikes = "manifest-format-refused redeploy-disabled"}},
    cause{.name = "manifest-format-refused",
          .title = "The registry does not accept this manifest's format",
          .general = "request-refused",
          .judge = judge_format,
          .summary_text = "{host} did not accept the manifest of {activity}: its format or content is the problem, not "
                          "the permission; it says {said}",
          .fix_text = "Build without attestations (--provenance=false --sbom=false), or with oci-mediatypes=false\n"
                      "Upgrade the registry: old versions support neither OCI indexes nor artifacts",
          .doc = {.seen = "400 MANIFEST_INVALID to PUT .../manifests/, 500 from some versions.",
                  .why = "The registry is too old for OCI indexes and attestations, forbids artifact types, or a blob "
                         "that the manifest names is missing.",
                  .apart = "All blobs were uploaded with the same token; the request shows the media type.",
                  .look_alikes = "tag-immutable redeploy-disabled"}},
    cause{.name = "manifest-broken",
          .title = "The pushed manifest is incomplete or malformed",
          .general = "request-refused manifest-format-refused",
          .judge = judge_broken_manifest,
          .summary =
              [](const facts& f) {
                return words::host(f) + " did not accept the manifest of " + words::activity(f) + ": " +
                       f.seen->manifest_flaw + "; it says " + words::quoted(words::refusal(f), 160);
              },
          .fix_text = "Check what the client or script pushes: the manifest itself is incomplete\n"
                      "Build and push the image again with a client that creates the manifest itself",
          .doc = {.seen = "400 MANIFEST_INVALID, DIGEST_INVALID or MANIFEST_BLOB_UNKNOWN to PUT .../manifests/, and "
                          "the body that was sent has no config, no layers or no manifests.",
                  .why = "The manifest was written manually or by a script, or it was truncated before it was pushed.",
                  .apart = "The evidence shows the manifest's size, its media type and what is missing.",
                  .look_alikes = "manifest-format-refused concurrent-push"}},
    cause{
        .name = "concurrent-push",
        .title = "A blob of the manifest was pushed again at the same moment",
        .general = "request-refused",
        .judge = judge_concurrent,
        .summary_text = "{host} did not accept the manifest of {activity}: a blob was pushed to the same repository at "
                        "that moment; it says {said}",
        .fix_text = "Push again: the image and the credential are fine\n"
                    "Export the build cache to a separate repository: in the image's own repository, both push the "
                    "same blobs at the same time\n"
                    "Let only one job at a time push to a repository",
        .doc = {.seen = "400 DIGEST_INVALID, \"provided digest did not match uploaded content\", to PUT "
                        ".../manifests/TAG, now and then. All blobs were accepted.",
                .why = "distribution with file system storage rewrites the link to a blob in place each time the blob "
                       "is pushed. While that file is empty, a manifest that refers to the blob is rejected.",
                .apart =
                    "A push by tag has no digest that could be wrong; a manifest pushed by digest has it in the path.",
                .look_alikes = "manifest-format-refused request-refused"}},
    cause{
        .name = "registry-read-only",
        .title = "The registry is read-only",
        .general = "request-refused",
        .judge = judge_read_only,
        .summary_text = "{host} did not accept {activity}: it accepts no writes (405), because it is read-only or a "
                        "pull-through cache",
        .fix_text = "Push to a writable instance, or to the registry behind the cache\n"
                    "The operator of {host} finds the setting as storage.maintenance.readonly or proxy.remoteurl",
        .doc = {.seen = "405 to POST .../blobs/uploads/: with Allow: GET, HEAD, or with the code UNSUPPORTED.",
                .why =
                    "The registry is in maintenance mode or is a cache of another one. The token may well grant push.",
                .apart = "Docker-Distribution-Api-Version is present, so the registry itself answered. HTML would come "
                         "from a web server in front of it.",
                .look_alikes = "not-a-registry request-refused"}},
    cause{.name = "deletion-off",
          .title = "Deletion is disabled on the registry",
          .general = "request-refused",
          .judge = judge_deletion_off,
          .summary_text = "{host} did not perform {activity}: deletion is disabled there (405); another permission or "
                          "credential does not help",
          .fix_text = "The operator of {host} can enable it: storage.delete.enabled = true in distribution\n"
                      "Or use the registry's retention rules or user interface to delete it",
          .doc = {.seen = "405 to DELETE .../manifests/, with the code UNSUPPORTED.",
                  .why = "Deletion is disabled by default in distribution, and always in a pull-through cache.",
                  .apart = "The registry itself answered, and a missing permission would be 401 or 403.",
                  .look_alikes = "registry-read-only request-refused granted-less"}},
    cause{.name = "pull-blocked-by-policy",
          .title = "A policy of the project blocks the pull",
          .general = "request-refused",
          .judge = judge_policy,
          .summary_text =
              "{host} does not serve {repository}: a policy on vulnerabilities or signatures blocks it; it says {said}",
          .fix_text = "Fix and scan or sign the image, or ask the project's administrator for an exception",
          .doc = {.seen = "412 PROJECTPOLICYVIOLATION to the GET of a manifest.",
                  .why = "Harbor projects can forbid images with vulnerabilities or without a signature.",
                  .apart = "A 412 to a GET is not about authentication.",
                  .look_alikes = "tag-immutable gcr-shut-down"}},
    cause{.name = "upload-unknown",
          .title = "The upload continues at a path that regpass does not know",
          .general = "no-credential denied-by-registry",
          .judge = judge_unknown_upload,
          .summary_text = "{host} refused the next part of an upload at a path outside the registry API: regpass did "
                          "not see the upload begin, so it sent no credential",
          .fix_text = "Push again: the upload must start through this regpass\n"
                      "Send all requests of a push through the same regpass",
          .doc =
              {.seen = "PATCH or PUT to a path that is not part of the registry API, such as /artifacts-uploads/..., "
                       "gets 401 or 403; no credential was sent.",
               .why =
                   "The upload paths that registries return do not always name the repository. regpass remembers which "
                   "repository they belong to, but not across a restart, and not for uploads that started elsewhere.",
               .apart = "A working push starts with a POST to .../blobs/uploads/ through regpass.",
               .look_alikes = "no-credential upload-leads-elsewhere"}},
    cause{.name = "address-not-allowed",
          .title = "The registry's firewall does not allow this address",
          .general = "denied-by-registry no-credential scope-refused granted-less",
          .judge = judge_address,
          .summary_text =
              "{host} refused {activity} because of the source address, not because of the credential: it says {said}",
          .fix_text = "Add the named address to the registry's allowed networks; it is the address of the NAT or "
                      "egress gateway, and rules take minutes to become active\n"
                      "Or use the registry's private endpoint",
          .doc = {.seen = "403 DENIED: client with IP 'A.B.C.D' is not allowed access; without a credential as well.",
                  .why = "Public network access is limited.",
                  .apart = "The body names an address. The code DENIED is misleading.",
                  .look_alikes = "denied-by-registry credential-rejected"}},
    cause{.name = "name-contains-host",
          .title = "The repository name begins with a host name",
          .general = "not-found-or-hidden ecr-repository-missing granted-less no-credential",
          .judge = judge_name,
          .summary_text =
              "{host} has no repository {repository}: its name begins with a host name, which was probably added twice",
          .fix_text = "Remove the host from the variable that should contain only the repository name",
          .doc = {.seen = "/v2/HOST/NAME/...: 404 NAME_UNKNOWN with the long name.",
                  .why = "A complete image reference was used where only the name belongs.",
                  .apart = "The first component of the path contains dots.",
                  .look_alikes = "ecr-repository-missing not-found-or-hidden"}},
    cause{.name = "not-a-registry",
          .title = "The server is not a registry",
          .general = "request-refused",
          .judge = judge_no_registry,
          .summary_text = "{host} is not a registry: {activity} got 404 without any sign of the registry API",
          .fix_text = "Check host and port: Nexus has a connector (port or subdomain) for each Docker repository, and "
                      "its web port does not serve /v2/\n"
                      "Or configure the reverse proxy to forward /v2/ to the registry",
          .doc = {.seen = "404 to /v2/, usually with HTML, without Docker-Distribution-Api-Version.",
                  .why = "This is the port of the web interface, a context path, or a reverse proxy's default page.",
                  .apart = "A registry that does not have an image reports that in JSON.",
                  .look_alikes = "request-refused registry-read-only"}},
    cause{.name = "head-refused-without-reason",
          .title = "The registry refused the request without a reason",
          .general = "denied-by-registry",
          .judge = judge_silent,
          .summary_text = "{host} refused {activity} {identity}: {status} without a reason, although the token grants "
                          "it; a GET returned no reason either",
          .fix_text = "Check the log of {host} at this time, or ask its operator: permissions beyond the token, a "
                      "policy, or its storage\n{check}",
          .doc = {.seen = "The first request of a push, HEAD .../blobs/sha256:..., gets 403 without a body. Clients "
                          "report: unexpected status from HEAD request: 403 Forbidden.",
                  .why = "A response to HEAD has no body, so permission, expiry, firewall and policy look the same. "
                         "regpass repeats the request as GET and reads the first bytes of the refusal.",
                  .apart = "If the response to the GET has a body, that body determines the cause instead.",
                  .look_alikes = "denied-by-registry registry-storage-refuses"}},
    cause{
        .name = "client-without-credential",
        .title = "The client sends no credential, and regpass is configured not to add one",
        .general = "denied-by-registry no-credential",
        .judge = judge_client_without,
        .summary = client_without_summary,
        .fix = client_without_fix,
        .fix_text = "Let regpass send its own credential: write authorization = \"replace\" under [[registry]] host = "
                    "\"{host}\" in regpass.toml\n"
                    "Or attach a credential provider to the client: buildkitd asks the connected client and never "
                    "reads a file itself",
        .doc = {.seen =
                    "Requests to all hosts have no Authorization, although credentials are mounted next to buildkitd.",
                .why = "buildkitd keeps no credentials: it asks the client that is connected (buildctl, buildx), and a "
                       "Go program must attach a provider itself.",
                .apart = "If requests to other hosts do have credentials, the problem is the entry of this host.",
                .look_alikes = "no-credential client-uses-other-credential"}},
    cause{.name = "client-uses-other-credential",
          .title = "The client uses its own credential instead of the mounted one",
          .general = "denied-by-registry credential-rejected",
          .judge = judge_client_other,
          .summary_text = "{host} refused {activity}: the client sent its own credential instead of that of {user} "
                          "from the mounted file",
          .fix_text = "Log out on the client, or start it with an empty DOCKER_CONFIG\n"
                      "Or let regpass replace it with its own: write authorization = \"replace\" under [[registry]] "
                      "host = \"{host}\" in regpass.toml",
          .doc = {.seen = "403 DENIED, or a token without push, for a valid credential of another user.",
                  .why = "BuildKit uses the credential of the connected client: the developer's login, not the pod's.",
                  .apart = "The client's Authorization names a different user than the mounted entry.",
                  .look_alikes = "ecr-action-missing client-without-credential"}},
};

}  // namespace

std::span<const cause> refusal_causes() noexcept {
  return rows;
}

}  // namespace regpass::diagnosis
