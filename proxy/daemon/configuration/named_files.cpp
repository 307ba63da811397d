#include "daemon/configuration/named_files.hpp"

#include "daemon/client_secret.hpp"
#include "daemon/configuration/snapshot.hpp"
#include "daemon/credential_counts.hpp"
#include "daemon/credential_loader.hpp"
#include "regpass/diagnosis/warnings.hpp"

#include <algorithm>

namespace regpass::daemon {

namespace {

using config::problem;

constexpr std::string_view default_fix = "correct the file, or the key that names it";

std::string first_fix(const diagnosis::explanation& one) {
  return one.fix.empty() ? std::string(default_fix) : one.fix.front();
}

// Works with regpass; other tools ignore such a file.
bool is_harmless(const std::string& cause) {
  return cause == "credential-file-legacy" || cause == "credential-file-not-renamed";
}

bool mentions(const std::vector<problem>& all, const std::string& file) {
  return std::ranges::any_of(all, [&](const problem& one) { return one.what.find(file) != std::string::npos; });
}

bool is_rejected(const credentials& found, const diagnosis::explanation& one) {
  return std::ranges::any_of(
      found.rejected, [&](const rejection& file) { return one.summary.find(file.file.string()) != std::string::npos; });
}

void judge_credentials(named_files_verdict& to, const credentials& found, const config::settings& settings) {
  const auto& from = settings.credentials;
  const bool named = !from.docker_config.empty();
  const bool programs_named = named || !from.kubelet_providers.empty();
  for (const auto& one : diagnosis::warnings(found.store, found.searched, named, now().wall)) {
    // A file without entries is a login that nobody has written yet: the number of entries says so.
    if (one.cause == "credential-file-empty" && !is_rejected(found, one)) continue;
    const bool of_file = one.cause.starts_with("credential-file-") && !is_harmless(one.cause) && named;
    const bool of_program = one.cause == "credential-helper-missing" && programs_named;
    (of_file || of_program ? to.problems : to.warnings).push_back({one.summary, first_fix(one)});
  }
  for (const auto& one : found.rejected) {
    if (!mentions(to.problems, one.file.string())) to.problems.push_back({one.why, std::string(default_fix)});
  }
  // A docker_config of a [[registry.credential]] that has no entry for it.
  for (const auto& one : found.store.entries) {
    const bool empty = one.range.configured && !one.credential && !one.program;
    if (empty && !mentions(to.problems, one.source)) to.problems.push_back({one.problem, std::string(default_fix)});
  }
  const auto counts = count_usable(found.store);
  to.credentials = text_of(counts);
  if (named && to.problems.empty() && counts.entries > 0 && counts.credentials + counts.programs == 0) {
    to.problems.push_back({"no credential is usable: " + to.credentials, "see the warnings, or write an entry"});
  }
}

}  // namespace

named_files_verdict judge_named_files(const config::settings& settings,
                                      const std::map<std::string, std::string>& environment) {
  named_files_verdict made;
  credential_loader loader(sources_from(settings, environment), settings.process.credential_file);
  const auto found = loader.load();
  judge_credentials(made, found, settings);
  const auto& auth = settings.client_auth;
  std::error_code ec;
  if (!auth.secret_file.empty() && (!auth.create || std::filesystem::exists(auth.secret_file, ec))) {
    const auto password = read_client_secret(auth.secret_file);
    if (!password) made.problems.push_back({password.error().detail, "correct client_auth.secret_file, or the file"});
  }
  const auto snapshot = make_snapshot(settings, found, {});
  if (!snapshot) made.problems.push_back({snapshot.error().detail, std::string(default_fix)});
  return made;
}

}  // namespace regpass::daemon
