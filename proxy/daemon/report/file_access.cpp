#include "daemon/report/file_access.hpp"

#include "regpass/base/log.hpp"
#include "regpass/base/text.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace regpass::daemon {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 3> private_mounts{"/run/secrets/", "/var/run/secrets/", "/run/credentials/"};

bool is_mounted_for_us(const fs::path& file) {
  std::error_code none;
  if (fs::is_symlink(file.parent_path() / "..data", none)) return true;  // Kubernetes' atomic writer
  const auto text = file.string();
  return std::ranges::any_of(private_mounts, [&](std::string_view one) { return text.starts_with(one); });
}

}  // namespace

std::vector<fs::path> readable_by_others(const std::vector<fs::path>& all) {
  std::vector<fs::path> found;
  for (const auto& file : all) {
    struct stat info{};
    if (file.empty() || ::stat(file.c_str(), &info) != 0) continue;
    const bool open_to_others = S_ISREG(info.st_mode) && (info.st_mode & S_IROTH) != 0;
    if (open_to_others && !is_mounted_for_us(file)) found.push_back(file);
  }
  return found;
}

void warn_of_open_files(const config::settings& settings, const credentials& found, std::set<fs::path>& known) {
  auto all = found.read;
  for (const auto& one : settings.registries) all.emplace_back(one.trust.client_key_file);
  if (settings.client_auth.readable_by != config::readers::everyone) all.push_back(settings.client_auth.secret_file);
  for (const auto& file : readable_by_others(all)) {
    if (!known.insert(file).second) continue;
    const auto shown = clean(file.string());
    log::write(log::level::warn, "file-access", shown + " has a secret, and every user of this machine may read it",
               {{"file", shown}, {"fix", "chmod o-r " + shown}});
  }
}

}  // namespace regpass::daemon
