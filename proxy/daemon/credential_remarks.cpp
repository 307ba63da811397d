#include "daemon/credential_remarks.hpp"

#include "regpass/auth/remarks.hpp"
#include "regpass/base/text.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <string>

namespace regpass::daemon {

namespace {

void add(std::string& to, const std::string& remark) {
  to += (to.empty() ? "" : "; ") + remark;
}

// docker asks the program of credHelpers, or of credsStore, and does not look at the entry at all.
const auth::credential_entry* program_before(const auth::credential_store& all, const auth::credential_entry& entry) {
  const auto found = std::ranges::find_if(all.entries, [&](const auto& one) {
    return one.program && !one.host.name.empty() && one.host == entry.host && one.source == entry.source;
  });
  return found == all.entries.end() ? nullptr : &*found;
}

// As execve(2) sees it.
bool is_executable(const std::filesystem::path& file) {
  std::error_code ec;
  return std::filesystem::is_regular_file(file, ec) && ::access(file.c_str(), X_OK) == 0;
}

bool is_in_path(const std::string& program) {
  const char* path = std::getenv("PATH");
  std::istringstream directories(path == nullptr ? "" : path);
  for (std::string one; std::getline(directories, one, ':');) {
    if (is_executable(std::filesystem::path(one) / program)) return true;
  }
  return false;
}

}  // namespace

bool is_missing(const auth::credential_program& program) {
  const auto& name = program.command.front();
  if (name.find('/') == std::string::npos) return !is_in_path(name);
  return !is_executable(name);
}

namespace {

// Why a program that is given by its path cannot be run.
std::string flaw_of_file(const std::string& path) {
  std::error_code ec;
  const bool exists = std::filesystem::exists(path, ec);
  const auto* more = std::filesystem::is_regular_file(path, ec) ? "; chmod +x it" : "";
  return clean(path, 200) + " does not exist" + (exists ? " as a file that this user may execute" : "") + more;
}

}  // namespace

void add_remarks(auth::credential_store& all) {
  for (auto& entry : all.entries) {
    if (entry.program && is_missing(*entry.program)) {
      const auto& command = entry.program->command.front();
      const bool is_path = command.find('/') != std::string::npos;
      add(entry.problem, is_path
                             ? flaw_of_file(command)
                             : auth::name_of(*entry.program) + " is in no directory of PATH, or may not be executed");
    }
    if (!entry.credential) continue;
    for (const auto& one : auth::remarks_on(*entry.credential, entry.host)) add(entry.problem, one);
    const auto* hidden_by = program_before(all, entry);
    if (hidden_by == nullptr) continue;
    add(entry.problem, "credHelpers names " + auth::name_of(*hidden_by->program) + ", which docker would ask instead");
  }
}

}  // namespace regpass::daemon
