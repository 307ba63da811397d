// Entries of credential files: under the wrong key, not to be read, or odd.
#include "diagnosis/causes/predicates.hpp"
#include "diagnosis/causes/tables.hpp"

#include <array>

namespace regpass::diagnosis {
namespace {

// An entry under another key explains that none was found.
template <const char* const& name>
judgement elsewhere(const facts& f) {
  return fault_of(name, f) == nullptr ? ruled_out : judge_no_credential(f);
}

// An entry that cannot be used explains that nothing was sent.
template <const char* const& name>
judgement unusable(const facts& f) {
  const bool applies = f.seen->source.empty() && f.seen->missing == auth::absence::unusable && !used_clients_own(f);
  return observed_if(applies && access_denied(f) && fault_of(name, f) != nullptr);
}

constexpr const char* hub_key = "hub-key-misspelled";
constexpr const char* old_github = "ghcr-old-host";
constexpr const char* google_host = "google-host-without-entry";
constexpr const char* other_port = "credential-for-other-port";
constexpr const char* not_base64 = "credential-not-base64";
constexpr const char* no_user = "credential-without-user";
constexpr const char* is_json = "credential-is-json";
constexpr const char* no_content = "credential-entry-empty";
constexpr const char* no_helper = "credential-helper-missing";
constexpr const char* damaged = "credential-damaged";
constexpr const char* no_registry = "credential-key-no-registry";
constexpr const char* contradiction = "credential-contradicts-itself";

judgement judge_google(const facts& f) {
  const auto how = elsewhere<google_host>(f);
  return how && says(f, {"unauthenticated request"}) ? judgement(certainty::observed) : how;
}

judgement judge_contradiction(const facts& f) {
  const bool refused = token_rejected(f) || (registry_denied(f) && f.sent_authorization == authorization_kind::basic);
  if (!used_credential(f) || !refused || fault_of(contradiction, f) == nullptr) return ruled_out;
  return certainty::likely;
}

constexpr std::array rows{
    cause{
        .name = hub_key,
        .title = "The Docker Hub credential is stored under the wrong key",
        .general = "no-credential",
        .judge = elsewhere<hub_key>,
        .summary_text =
            "no credential for {host}: the entry {place} is not for Docker Hub's registry; {activity} was refused",
        .fix_text = "Name the entry {key} https://index.docker.io/v1/ (with the slash at its end)",
        .doc = {.seen = "The token request to auth.docker.io has no Authorization; the token names no user and grants "
                        "at most pull; a push ends in 401 insufficient_scope.",
                .why = "docker and BuildKit look up exactly https://index.docker.io/v1/. regpass and podman also take "
                       "docker.io, index.docker.io and registry-1.docker.io, but hub.docker.com is only the web site.",
                .apart = "A rejected password is refused by the token server; with a missing repository, the token "
                         "request did carry credentials.",
                .look_alikes = "no-credential credential-rejected hub-push-not-granted"}},
    cause{.name = old_github,
          .title = "The credential is for GitHub's old registry",
          .general = "no-credential",
          .judge = elsewhere<old_github>,
          .summary_text = "no credential for {host}: {place} is for docker.pkg.github.com, GitHub's old registry; "
                          "{activity} was refused",
          .fix_text = "Add an entry for ghcr.io (a classic token with write:packages, or GITHUB_TOKEN), and tag the "
                      "image ghcr.io/OWNER/NAME",
          .doc = {.seen = "Requests to ghcr.io go out anonymously and get 401 or 403.",
                  .why = "docker.pkg.github.com and ghcr.io are two hosts with two entries; the old one is deprecated.",
                  .apart = "The file has an entry for the old host, but none for the one in use.",
                  .look_alikes = "no-credential ghcr-workflow-permission"}},
    cause{.name = google_host,
          .title = "The credential is for a Google registry in another region",
          .general = "no-credential",
          .judge = judge_google,
          .summary_text = "no credential for {host}: the file has {place}, but each Google registry host needs its own "
                          "entry; {activity} was refused",
          .fix_text = "Add an entry for {host}; with docker: gcloud auth configure-docker {host}",
          .doc = {.seen = "403 DENIED: Unauthenticated request. Unauthenticated requests do not have permission ...",
                  .why = "Every LOCATION-docker.pkg.dev is a separate host, and so is gcr.io.",
                  .apart = "\"Unauthenticated request\" means that no credential was sent. A missing permission is "
                           "named without these words.",
                  .look_alikes = "no-credential scope-refused"}},
    cause{.name = other_port,
          .title = "The credential is for another port of this host",
          .general = "no-credential",
          .judge = elsewhere<other_port>,
          .summary_text =
              "no credential for {host}: the file has {place}, which differs in the port; {activity} was refused",
          .fix_text = "Name the entry exactly like the registry in image names: \"{host}\"",
          .doc = {.seen = "The exchange is anonymous although the file names the same host.",
                  .why = "Keys are compared including the port; regpass treats only :443 and no port as equal. docker "
                         "and podman do not even do that.",
                  .apart = "The host is the same, but the port differs. A different host is simply a missing entry.",
                  .look_alikes = "no-credential"}},
    cause{.name = not_base64,
          .title = "The entry's auth is not valid base64",
          .general = "credential-undecodable",
          .judge = unusable<not_base64>,
          .summary_text =
              "the credential for {host}, {place}, cannot be used: {detail}; {activity} was refused without it",
          .fix_text = "Recreate the entry {key}; generate its auth with: printf '%s:%s' USER PASSWORD | base64 -w0",
          .doc = {.seen = "Requests to the host are anonymous. docker warns: illegal base64 data at input byte N.",
                  .why = "The value uses the URL-safe alphabet (- and _), lacks padding, or contains quotes or blanks. "
                         "docker stops at the first bad entry, and because it iterates in random order, other hosts "
                         "become anonymous from run to run; regpass keeps the other entries.",
                  .apart = "An entry that decodes but has no colon is credential-without-user.",
                  .look_alikes = "credential-without-user credential-is-json credential-file-wrapped"}},
    cause{.name = no_user,
          .title = "The entry's auth has no user name",
          .general = "credential-undecodable",
          .judge = unusable<no_user>,
          .summary_text =
              "the credential for {host}, {place}, cannot be used: {detail}; {activity} was refused without it",
          .fix_text = "Recreate the entry {key} with user and password: printf '%s:%s' USER PASSWORD | base64 -w0\n"
                      "If the registry ignores the user name, any non-empty name works",
          .doc = {.seen = "Requests to the host are anonymous, or have a Basic header that contains only a token.",
                  .why = "Only the token was base64-encoded, or :token with an empty user name.",
                  .apart = "The value decodes, but the result has no colon or begins with one.",
                  .look_alikes = "credential-not-base64 credential-is-json"}},
    cause{
        .name = is_json,
        .title = "The entry's auth is base64 of a JSON object",
        .general = "credential-undecodable",
        .judge = unusable<is_json>,
        .summary_text =
            "the credential for {host}, {place}, cannot be used: {detail}; {activity} was refused without it",
        .fix_text = "Recreate the entry {key}: printf '%s:%s' USER PASSWORD | base64 -w0",
        .doc =
            {.seen =
                 "Other tools send a Basic header whose user is {\"username\"; the answer is 401, or 400 from Google.",
             .why = "The value was copied from a tool that uses its own format. It contains a colon, so docker's "
                    "decoder splits it in the wrong place.",
             .apart = "The decoded value begins with {.",
             .look_alikes = "credential-not-base64 google-key-mangled"}},
    cause{
        .name = damaged,
        .title = "The user name, password or token contains an invalid character",
        .general = "credential-undecodable",
        .judge = unusable<damaged>,
        .summary_text = "the credential for {host}, {place}, is not sent: {detail}; {activity} was refused without it",
        .fix_text = "Recreate it without a line break: printf '%s:%s' USER PASSWORD | base64 -w0 for an auth, printf "
                    "'%s' PASSWORD for a file or a Secret's key",
        .doc = {.seen = "Other tools send it and get 401 or 403, as for a wrong password. After a few attempts the "
                        "account may be locked.",
                .why = "echo appends a line break to its output, and editors add one at the end of a file; base64 "
                       "preserves it. RFC 7617 allows no control characters in user names and passwords, and no colon "
                       "in a user name. regpass does not send such a credential.",
                .apart = "The same password works when it is typed. regpass warns at startup, before any request.",
                .look_alikes = "credential-rejected credential-not-base64 credential-file-wrapped"}},
    cause{
        .name = no_registry,
        .title = "The entry's key is not a valid registry name",
        .general = "no-credential",
        .judge = elsewhere<no_registry>,
        .summary_text = "no credential for {host}: the entry {place} cannot be used: {detail}; {activity} was refused",
        .fix_text = "If the entry is meant for {host}, change its key to \"{host}\", exactly as in image names",
        .doc = {.seen = "Requests to the host are anonymous, although the file has an entry that was meant for it.",
                .why = "A template or shell variable was not replaced, the key is empty or only https://, or it "
                       "contains a user name or a wildcard that matches too much. In auths, wildcards work as in the "
                       "kubelet: * in *.example.com matches one label. credHelpers does not support wildcards.",
                .apart =
                    "regpass warns about such an entry at startup. An entry for another host is simply no-credential.",
                .look_alikes = "no-credential credential-for-other-port"}},
    cause{.name = no_content,
          .title = "The entry for this host is empty",
          .general = "credential-undecodable",
          .judge = unusable<no_content>,
          .summary_text =
              "the credential for {host}, {place}, is only an empty marker; {activity} was refused without it",
          .fix_text = "Write user and password into the entry: kubectl create secret docker-registry NAME "
                      "--docker-server={host} --docker-username=USER --docker-password=PASSWORD",
          .doc = {.seen = "Requests to the host are anonymous.",
                  .why = "When an external store (credsStore) keeps the secrets, docker login writes an empty entry as "
                         "a marker. A Kubernetes Secret created from such a file contains no credential.",
                  .apart = "The key is correct, but all members are empty.",
                  .look_alikes = "credential-file-empty credential-helper-missing no-credential"}},
    cause{.name = no_helper,
          .title = "The credential helper is not installed",
          .general = "credential-undecodable no-credential",
          .judge = unusable<no_helper>,
          .summary_text = "no credential for {host}: {detail}; {place} requires it; {activity} was refused",
          .fix_text = "Mount a file with user and password (auths) instead of one with credsStore or credHelpers\n"
                      "Or install the program in the PATH of regpass and give it the identity that it needs",
          .doc = {.seen = "After the registry's 401 docker sends nothing more: error getting credentials - err: exec: "
                          "docker-credential-NAME: executable file not found in $PATH.",
                  .why = "config.json was copied from a laptop or a cloud machine and refers to a helper (desktop, "
                         "osxkeychain, ecr-login, gcloud) that the container does not have.",
                  .apart = "The file names a program that is not in PATH. regpass reports this before any request.",
                  .look_alikes = "credential-entry-empty no-credential"}},
    cause{.name = contradiction,
          .title = "The entry's auth and its username and password differ",
          .general = "credential-rejected",
          .judge = judge_contradiction,
          .summary_text = "{host} rejected {holder}; {place} contains two different credentials, and auth takes "
                          "precedence; it says {said}",
          .fix_text = "Recreate the whole entry {key}: when the password changes, auth must change as well",
          .doc = {.seen = "401 to the old password, from the token server or the registry.",
                  .why = "Only the plain-text password was edited. docker decodes auth and overwrites the other two "
                         "members; regpass does the same.",
                  .apart = "Decode auth and compare it with the other members.",
                  .look_alikes = "credential-rejected"}},
    cause{.name = "credential-without-auth",
          .title = "The entry has username and password, but no auth",
          .summary_text = "{place} has no auth: regpass, docker and BuildKit use its username and password, podman, "
                          "buildah and skopeo do not",
          .fix_text = "Add auth, which every tool supports: printf '%s:%s' USER PASSWORD | base64 -w0",
          .doc = {.seen = "With regpass: nothing. podman, buildah and skopeo send anonymous requests.",
                  .why = "containers/image reads auth and identitytoken only.",
                  .apart = "The same file works with one family of tools but not with the other.",
                  .look_alikes = "credential-entry-empty"}},
    cause{
        .name = "credential-helper-hides-entry",
        .title = "A credHelpers line hides a usable entry from docker",
        .summary_text = "{place} is used by regpass, but docker runs the program from credHelpers for this host and "
                        "ignores the entry: {detail}",
        .fix_text = "If the entry is the correct credential, remove the credHelpers line for this host",
        .doc =
            {.seen =
                 "docker and BuildKit fail with \"error getting credentials\" although the file contains the password.",
             .why = "docker prefers the host's credHelpers program, then credsStore, and uses the entry only if "
                    "neither is set; it does not fall back when the program fails.",
             .apart = "Both auths and credHelpers contain the host.",
             .look_alikes = "credential-helper-missing"}},
};

}  // namespace

std::span<const cause> entry_causes() noexcept {
  return rows;
}

}  // namespace regpass::diagnosis
