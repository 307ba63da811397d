#include "diagnosis/causes/entry_faults.hpp"

#include "diagnosis/record/seconds.hpp"
#include "regpass/base/text.hpp"
#include "regpass/base/time.hpp"

#include <algorithm>
#include <array>

namespace regpass::diagnosis {
namespace {

// A text of ours, from where entries are read and chosen, and the cause that it stands for.
struct sign {
  std::string_view words;
  std::string_view name;
};

constexpr std::array entry_signs{
    sign{"auth is no base64", "credential-not-base64"},
    sign{"there is no colon in it", "credential-without-user"},
    sign{"the user name is empty", "credential-without-user"},
    sign{"base64 of a JSON object", "credential-is-json"},
    sign{"the entry is empty", "credential-entry-empty"},
    sign{"auth and username/password differ", "credential-contradicts-itself"},
    sign{"is in no directory of PATH", "credential-helper-missing"},
    sign{" does not exist", "credential-helper-missing"},
    sign{"which docker would ask instead", "credential-helper-hides-entry"},
    sign{"auth is absent", "credential-without-auth"},
    sign{"an authorizationToken of ECR that was not decoded", "ecr-password-not-decoded"},
    sign{"a Google access token", "google-access-token"},
    sign{"a GitLab job token", "gitlab-job-token"},
    sign{"no service account key", "google-key-mangled"},
    sign{"the refresh token is for", "acr-refresh-token-expired"},
    sign{"ends in a line break", "credential-damaged"},
    sign{"holds a line break (at", "credential-damaged"},
    sign{"holds a byte order mark (at", "credential-damaged"},
    sign{"holds a tab (at", "credential-damaged"},
    sign{"holds a control character (at", "credential-damaged"},
    sign{"holds a NUL byte (at", "credential-damaged"},
    sign{"is NUL, which has no place", "credential-damaged"},
    sign{"holds a colon, which ends a user name", "credential-damaged"},
    sign{"holds a byte that no Authorization field", "credential-damaged"},
    sign{"save it as UTF-8", "credential-file-not-utf8"},
    sign{"the key names no registry", "credential-key-no-registry"},
    sign{"is no repository", "credential-key-no-registry"},
    sign{"which is not Docker Hub's registry", "hub-key-misspelled"},
    sign{"which GitHub's packages left", "ghcr-old-host"},
};

// Said of another port of the same host.
bool is_other_port(std::string_view why) {
  return why.starts_with("is for port ") || (why.starts_with("is for ") && why.ends_with(" without port"));
}

bool is_google(std::string_view host) {
  return host.ends_with("pkg.dev") || host.ends_with("gcr.io");
}

// Said with a time, of which only the exchange knows whether it is past.
constexpr std::array timed_signs{
    sign{"the ECR password expires at ", "ecr-password-expired"},
    sign{"the refresh token expires at ", "acr-refresh-token-expired"},
    sign{"the registrytoken expires at ", "ready-made-token-expired"},
};

std::optional<std::string_view> expired_sign(std::string_view why, const evidence& e) {
  for (const auto& one : timed_signs) {
    const auto found = why.find(one.words);
    if (found == std::string_view::npos) continue;
    const auto rest = why.substr(found + one.words.size());
    const auto at = parse_rfc3339(rest.substr(0, rest.find_first_of("; ")));
    if (at && e.began_at && *at < *e.began_at) return one.name;
  }
  return std::nullopt;
}

constexpr std::array file_signs{
    sign{"the file is empty", "credential-file-empty"},
    sign{"nothing but blanks", "credential-file-empty"},
    sign{"(0 entries, 0 usable)", "credential-file-empty"},
    sign{"save it as UTF-8", "credential-file-not-utf8"},
    sign{"line break inside a string", "credential-file-wrapped"},
    sign{"no JSON", "credential-file-not-json"},
    sign{"Permission denied", "credential-file-unreadable"},
    sign{"does not exist", "credential-file-missing"},
    sign{"legacy form", "credential-file-legacy"},
    sign{"/.dockerconfigjson (", "credential-file-not-renamed"},
};

bool names_a_file(std::string_view path) {
  return path.ends_with(".json") || path.ends_with(".dockerconfigjson") || path.ends_with(".dockercfg");
}

// "/run/secrets/config.json (the file is empty)": the path, and what became of it.
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
  for (const auto& one : file_signs) {
    if (searched.find(one.words) == std::string_view::npos) continue;
    add(one.name);
    if (one.name != "credential-file-legacy") return;
  }
}

void add_entry_faults(const auth::considered& entry, const evidence& e, std::vector<entry_fault>& into) {
  constexpr std::string_view unusable = "unusable: ";
  const auto detail = entry.why.starts_with(unusable) ? entry.why.substr(unusable.size()) : entry.why;
  const auto add = [&](std::string_view name) { into.push_back({name, entry.source, entry.key, detail}); };
  for (const auto& one : entry_signs) {
    if (entry.why.find(one.words) != std::string::npos) add(one.name);
  }
  if (is_other_port(entry.why)) add("credential-for-other-port");
  if (const auto name = expired_sign(entry.why, e)) add(*name);
  if (e.source.empty() && is_google(e.registry) && entry.why.starts_with("is for ")) add("google-host-without-entry");
}

}  // namespace

std::vector<entry_fault> faults_of(const evidence& e) {
  std::vector<entry_fault> found;
  for (const auto& one : e.others) add_entry_faults(one, e, found);
  for (const auto& one : e.searched) add_file_faults(one, found);
  return found;
}

}  // namespace regpass::diagnosis
