// Credential files: missing, empty, not what they should be. Said when they are read, and again when a request fails
// for want of what should have been in them.
#include "diagnosis/causes/predicates.hpp"
#include "diagnosis/causes/tables.hpp"

#include <array>

namespace regpass::diagnosis {
namespace {

// A fault of a file explains that nothing was sent, if nothing was.
template <const char* const& name>
judgement missing_for(const facts& f) {
  return fault_of(name, f) == nullptr ? ruled_out : judge_no_credential(f);
}

constexpr const char* empty = "credential-file-empty";
constexpr const char* wrapped = "credential-file-wrapped";
constexpr const char* not_json = "credential-file-not-json";
constexpr const char* not_utf8 = "credential-file-not-utf8";
constexpr const char* unreadable = "credential-file-unreadable";
constexpr const char* directory = "credential-file-is-directory";
constexpr const char* missing = "credential-file-missing";

// Said of a docker config, of which nothing is known then, and of a password file, whose entry is unusable.
judgement judge_not_utf8(const facts& f) {
  const auto how = missing_for<not_utf8>(f);
  if (how || fault_of(not_utf8, f) == nullptr) return how;
  const bool unusable = f.seen->source.empty() && f.seen->missing == auth::absence::unusable && !used_clients_own(f);
  return observed_if(unusable && access_denied(f));
}

// Other files may be missing as a matter of course; it is the reason only where there was nothing at all to read.
judgement judge_missing(const facts& f) {
  return f.seen->missing == auth::absence::no_sources ? missing_for<missing>(f) : ruled_out;
}

constexpr std::array rows{
    cause{
        .name = wrapped,
        .title = "The base64 in the credential file contains a line break",
        .general = "no-credential",
        .judge = missing_for<wrapped>,
        .summary_text = "no credential for {host}: {place} cannot be parsed, because a string in it contains a line "
                        "break; {activity} was refused",
        .fix_text = "Generate the auth value without line breaks: printf '%s:%s' USER PASSWORD | base64 -w0\n"
                    "Or create the file with a tool that writes JSON: kubectl create secret docker-registry, jq",
        .doc =
            {.seen = "Requests to all hosts are anonymous. Tools that parse the file report: invalid character '\\n' "
                     "in string literal.",
             .why = "GNU base64 wraps its output at 76 columns. A raw line break in a JSON string is an error, so the "
                    "whole file is unusable. Long secrets (service account keys, ECR passwords) are affected first.",
             .apart =
                 "The error position is inside an auth string; a file that is not JSON at all fails at its beginning.",
             .look_alikes = "credential-file-not-json credential-not-base64"}},
    cause{
        .name = directory,
        .title = "The path of the credential file is a directory",
        .general = "no-credential",
        .judge = missing_for<directory>,
        .summary_text =
            "no credential for {host}: {place} is a directory and holds no credential file; {activity} was refused",
        .fix_text = "Mount the single key: in a pod, volumes: items: [{key: .dockerconfigjson, path: config.json}]\n"
                    "With docker -v, create the file on the host first: a missing source becomes a directory",
        .doc = {.seen = "All hosts are asked anonymously, or the tool stops at once: read config.json: is a directory.",
                .why = "A bind mount whose source did not exist was made as a directory, or a whole Secret was mounted "
                       "at the file's path.",
                .apart = "ls -l on the path shows a directory.",
                .look_alikes = "credential-file-missing credential-file-empty"}},
    cause{.name = unreadable,
          .title = "regpass has no permission to read the credential file",
          .general = "no-credential",
          .judge = missing_for<unreadable>,
          .summary_text = "no credential for {host}: regpass has no permission to read {place}; {activity} was refused",
          .fix_text = "Give the user that regpass runs as read access to {place}: in a pod, securityContext.fsGroup or "
                      "the volume's defaultMode",
          .doc = {.seen = "Requests to all hosts are anonymous.",
                  .why = "The file belongs to another user, and its mode does not allow others to read it. This "
                         "happens in rootless pods with Secrets of mode 0400 that belong to root.",
                  .apart = "At startup regpass logs: Permission denied.",
                  .look_alikes = "credential-file-missing"}},
    cause{.name = not_utf8,
          .title = "The credential file is not UTF-8 text",
          .general = "no-credential credential-undecodable",
          .judge = judge_not_utf8,
          .summary_text = "no credential for {host}: {place} cannot be read ({detail}); {activity} was refused",
          .fix_text = "Save {place} as UTF-8; in PowerShell: Set-Content -Encoding utf8, or iconv -f UTF-16 -t UTF-8",
          .doc = {.seen = "Requests to all hosts are anonymous. Other tools say: invalid character 'ÿ' looking for "
                          "beginning of value.",
                  .why = "Windows PowerShell 5.1 writes UTF-16 when output is redirected with >, and some editors do "
                         "by default. A UTF-8 byte order mark is harmless: regpass ignores it.",
                  .apart = "The first two bytes are FF FE or FE FF, or every second byte is zero.",
                  .look_alikes = "credential-file-not-json credential-damaged"}},
    cause{.name = not_json,
          .title = "The credential file is not valid JSON",
          .general = "no-credential",
          .judge = missing_for<not_json>,
          .summary_text = "no credential for {host}: {place} cannot be read ({detail}); {activity} was refused",
          .fix_text = "Correct the file at the named position, or recreate it: kubectl create secret docker-registry, "
                      "docker login",
          .doc = {.seen = "Requests to all hosts are anonymous.",
                  .why = "A template, an editor or an incomplete update left something that is not a JSON object.",
                  .apart = "While regpass runs, the last valid content of a file stays in force; at startup there is "
                           "no earlier content.",
                  .look_alikes = "credential-file-wrapped credential-file-empty"}},
    cause{.name = empty,
          .title = "The credential file has no entries",
          .general = "no-credential",
          .judge = missing_for<empty>,
          .summary_text = "no credential for {host}: {place} has no entries ({detail}); {activity} was refused",
          .fix_text = "Create the Secret in the namespace of the pod, with an entry for {host}: kubectl create secret "
                      "docker-registry NAME --docker-server={host} --docker-username=USER --docker-password=PASSWORD\n"
                      "Make the volume mandatory (no optional: true), so that a missing Secret is noticed immediately",
          .doc = {.seen = "Requests to all hosts are anonymous: public images work, private ones get 401 or 403. "
                          "docker reports nothing at all.",
                  .why = "The file is empty or contains only blanks, {} or an empty auths object: the Secret was "
                         "empty, a template produced nothing, or an external store keeps the secrets.",
                  .apart = "Zero bytes, blanks, {} and {\"auths\":{}} are reported differently at startup.",
                  .look_alikes = "credential-file-missing credential-entry-empty"}},
    cause{.name = missing,
          .title = "regpass found no credential file",
          .general = "no-credential",
          .judge = judge_missing,
          .summary_text = "no credential for {host}: no credential file was found, {place} does not exist or is empty; "
                          "{activity} was refused",
          .fix_text = "Mount a docker config.json and name it in regpass.toml: [credentials] docker_config = "
                      "[\"/run/secrets/regpass\"]\n"
                      "If it is mounted elsewhere: check REGISTRY_AUTH_FILE, DOCKER_CONFIG and XDG_RUNTIME_DIR, which "
                      "images may set to another path",
          .doc = {.seen = "Requests to all hosts are anonymous.",
                  .why = "The Secret is optional and absent, mounted at another path, or the image sets "
                         "REGISTRY_AUTH_FILE to a file that is not mounted.",
                  .apart = "The explanation lists the searched paths in order.",
                  .look_alikes = "no-credential credential-file-empty credential-file-is-directory"}},
    cause{
        .name = "credential-file-legacy",
        .title = "The credential file has the legacy .dockercfg format",
        .summary_text =
            "{place} has the legacy format without auths: regpass reads it, but docker, BuildKit and podman ignore it",
        .fix_text = "Use a Secret of type kubernetes.io/dockerconfigjson, or wrap the object in {\"auths\": ...}",
        .doc =
            {.seen = "With regpass: nothing. Other tools send anonymous requests to all hosts and report no error.",
             .why =
                 "In the old format, hosts are the top-level keys. Current tools look for auths and ignore the rest.",
             .apart = "The file is valid JSON, and its top-level keys are hosts.",
             .look_alikes = "credential-file-empty credential-file-not-renamed"}},
    cause{.name = "credential-file-not-renamed",
          .title = "The Secret was mounted as .dockerconfigjson instead of config.json",
          .summary_text =
              "{place} is named like the Secret's key: regpass reads it, but docker and BuildKit expect config.json",
          .fix_text = "For other tools: volumes: items: [{key: .dockerconfigjson, path: config.json}]",
          .doc = {.seen = "With regpass: nothing. Other tools send anonymous requests although DOCKER_CONFIG is set to "
                          "the right directory.",
                  .why = "They open config.json in that directory, but the volume contains .dockerconfigjson.",
                  .apart = "List the directory with ls -a.",
                  .look_alikes = "credential-file-missing credential-file-legacy"}},
};

}  // namespace

std::span<const cause> file_causes() noexcept {
  return rows;
}

}  // namespace regpass::diagnosis
