#include "diagnosis/causes/facts.hpp"
#include "diagnosis/record/seconds.hpp"
#include "regpass/base/text.hpp"
#include "regpass/base/time.hpp"

#include <algorithm>
#include <array>

namespace regpass::diagnosis {
namespace {

// A message with which entries are read or chosen, and the cause that it indicates. Messages of older versions stay in
// the list, because logs contain them.
struct symptom {
  std::string_view text;
  std::string_view name;
};

constexpr std::array entry_symptoms{
    symptom{"auth is no base64", "credential-not-base64"},
    symptom{"auth is not valid base64", "credential-not-base64"},
    symptom{"there is no colon in it", "credential-without-user"},
    symptom{"the user name is empty", "credential-without-user"},
    symptom{"base64 of a JSON object", "credential-is-json"},
    symptom{"the entry is empty", "credential-entry-empty"},
    symptom{"auth and username/password differ", "credential-contradicts-itself"},
    symptom{"is in no directory of PATH", "credential-helper-missing"},
    symptom{" does not exist", "credential-helper-missing"},
    symptom{"which docker would ask instead", "credential-helper-hides-entry"},
    symptom{"auth is absent", "credential-without-auth"},
    symptom{"an authorizationToken of ECR that was not decoded", "ecr-password-not-decoded"},
    symptom{"a Google access token", "google-access-token"},
    symptom{"a GitLab job token", "gitlab-job-token"},
    symptom{"no service account key", "google-key-mangled"},
    symptom{"not a service account key", "google-key-mangled"},
    symptom{"the refresh token is for", "acr-refresh-token-expired"},
    symptom{"ends in a line break", "credential-damaged"},
    symptom{"holds a line break (at", "credential-damaged"},
    symptom{"holds a byte order mark (at", "credential-damaged"},
    symptom{"holds a tab (at", "credential-damaged"},
    symptom{"holds a control character (at", "credential-damaged"},
    symptom{"holds a NUL byte (at", "credential-damaged"},
    symptom{"is NUL, which has no place", "credential-damaged"},
    symptom{"holds a colon, which ends a user name", "credential-damaged"},
    symptom{"holds a byte that no Authorization field", "credential-damaged"},
    symptom{"save it as UTF-8", "credential-file-not-utf8"},
    symptom{"the key names no registry", "credential-key-no-registry"},
    symptom{"is no repository", "credential-key-no-registry"},
    symptom{"which is not Docker Hub's registry", "hub-key-misspelled"},
    symptom{"which GitHub's packages left", "ghcr-old-host"},
};

// The entry is for another port of the same host.
bool is_other_port(std::string_view why) {
  return why.starts_with("is for port ") || (why.starts_with("is for ") && why.ends_with(" without port"));
}

bool is_google(std::string_view host) {
  return host.ends_with("pkg.dev") || host.ends_with("gcr.io");
}

// Messages with a time, which the exchange compares with its own.
constexpr std::array expiry_symptoms{
    symptom{"the ECR password expires at ", "ecr-password-expired"},
    symptom{"the refresh token expires at ", "acr-refresh-token-expired"},
    symptom{"the registrytoken expires at ", "ready-made-token-expired"},
};

std::optional<std::string_view> expired_symptom(std::string_view why, const evidence& e) {
  for (const auto& symptom_row : expiry_symptoms) {
    const auto found = why.find(symptom_row.text);
    if (found == std::string_view::npos) continue;
    const auto rest = why.substr(found + symptom_row.text.size());
    const auto at = parse_rfc3339(rest.substr(0, rest.find_first_of("; ")));
    if (at && e.began_at && *at < *e.began_at) return symptom_row.name;
  }
  return std::nullopt;
}

constexpr std::array file_symptoms{
    symptom{"the file is empty", "credential-file-empty"},
    symptom{"nothing but blanks", "credential-file-empty"},
    symptom{"(0 entries, 0 usable)", "credential-file-empty"},
    symptom{"save it as UTF-8", "credential-file-not-utf8"},
    symptom{"line break inside a string", "credential-file-wrapped"},
    symptom{"no JSON", "credential-file-not-json"},
    symptom{"not valid JSON", "credential-file-not-json"},
    symptom{"Permission denied", "credential-file-unreadable"},
    symptom{"does not exist", "credential-file-missing"},
    symptom{"legacy form", "credential-file-legacy"},
    symptom{"/.dockerconfigjson (", "credential-file-not-renamed"},
};

bool names_a_file(std::string_view path) {
  return path.ends_with(".json") || path.ends_with(".dockerconfigjson") || path.ends_with(".dockercfg");
}

// "/run/secrets/config.json (the file is empty)": the path and the result of reading it.
void add_file_faults(std::string_view searched, std::vector<entry_fault>& into) {
  const auto bracket = searched.find(" (");
  const auto path = searched.substr(0, bracket);
  const auto add = [&](std::string_view name) {
    auto detail = bracket == std::string_view::npos ? std::string() : std::string(searched.substr(bracket + 2));
    if (detail.ends_with(')')) detail.pop_back();
    into.push_back({name, std::string(path), {}, std::move(detail)});
  };
  if (searched.find("a directory without credential files") != std::string_view::npos) {
    return add(names_a_file(path) ? "credential-file-is-directory" : "credential-file-missing");
  }
  for (const auto& symptom_row : file_symptoms) {
    if (searched.find(symptom_row.text) == std::string_view::npos) continue;
    add(symptom_row.name);
    if (symptom_row.name != "credential-file-legacy") return;
  }
}

void add_entry_faults(const auth::considered& entry, const evidence& e, std::vector<entry_fault>& into) {
  constexpr std::string_view unusable = "unusable: ";
  const auto detail = entry.why.starts_with(unusable) ? entry.why.substr(unusable.size()) : entry.why;
  const auto add = [&](std::string_view name) { into.push_back({name, entry.source, entry.key, detail}); };
  for (const auto& symptom_row : entry_symptoms) {
    if (entry.why.find(symptom_row.text) != std::string::npos) add(symptom_row.name);
  }
  if (is_other_port(entry.why)) add("credential-for-other-port");
  if (const auto name = expired_symptom(entry.why, e)) add(*name);
  if (e.source.empty() && is_google(e.registry) && entry.why.starts_with("is for ")) add("google-host-without-entry");
}

}  // namespace

std::vector<entry_fault> faults_of(const evidence& e) {
  std::vector<entry_fault> found;
  for (const auto& other : e.others) add_entry_faults(other, e, found);
  for (const auto& path : e.searched) add_file_faults(path, found);
  return found;
}

}  // namespace regpass::diagnosis
