#include "credential_remarks.hpp"

#include "regpass/auth/remarks.hpp"
#include "regpass/base/text.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <string>

namespace regpass::app {

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

bool is_in_path(const std::string& program) {
  const char* path = std::getenv("PATH");
  std::istringstream directories(path == nullptr ? "" : path);
  for (std::string one; std::getline(directories, one, ':');) {
    std::error_code ec;
    if (std::filesystem::exists(std::filesystem::path(one) / program, ec)) return true;
  }
  return false;
}

}  // namespace

bool is_missing(const auth::credential_program& program) {
  const auto& name = program.command.front();
  if (name.find('/') == std::string::npos) return !is_in_path(name);
  std::error_code ec;
  return !std::filesystem::exists(name, ec);
}

void add_remarks(auth::credential_store& all) {
  for (auto& entry : all.entries) {
    if (entry.program && is_missing(*entry.program)) {
      const auto& command = entry.program->command.front();
      const bool is_path = command.find('/') != std::string::npos;
      add(entry.problem, is_path ? clean(command, 200) + " does not exist"
                                 : auth::name_of(*entry.program) + " is in no directory of PATH");
    }
    if (!entry.credential) continue;
    for (const auto& one : auth::remarks_on(*entry.credential, entry.host)) add(entry.problem, one);
    const auto* hidden_by = program_before(all, entry);
    if (hidden_by == nullptr) continue;
    add(entry.problem, "credHelpers names " + auth::name_of(*hidden_by->program) + ", which docker would ask instead");
  }
}

}  // namespace regpass::app
