#include "daemon/configuration/secret_files.hpp"

#include "daemon/credential_report.hpp"
#include "daemon/report/file_access.hpp"

#include <algorithm>
#include <utility>

namespace regpass::daemon {

secret_files::secret_files(const config::settings& settings, std::map<std::string, std::string> environment)
    : environment_(std::move(environment)),
      loader_(sources_from(settings, environment_), settings.process.credential_file) {}

result<secret_files::content> secret_files::load(const config::settings& settings) {
  auto password = client_secret_.load(settings.client_auth);
  if (!password) return std::unexpected(password.error());
  loader_.follow(sources_from(settings, environment_));
  auto found = loader_.load();
  log_credentials(found);
  warn_of(found, settings);
  note_rejected(found, settings.client_auth.secret_file);
  warn_of_open_files(settings, found, warned_of_);
  return content{std::move(found), std::move(*password)};
}

// Each file once, even if several keys name it.
void secret_files::note_rejected(const credentials& found, const std::filesystem::path& secret_file) {
  rejected_.clear();
  for (const auto& file : found.rejected) {
    if (std::ranges::find(rejected_, file.file, &rejection::file) == rejected_.end()) rejected_.push_back(file);
  }
  if (const auto& reason = client_secret_.rejected(); !reason.empty()) {
    rejected_.push_back({secret_file, reason, true});
  }
  in_force_ = found.read;
  if (!secret_file.empty()) in_force_.push_back(secret_file);
}

}  // namespace regpass::daemon
