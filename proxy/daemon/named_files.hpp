// `regpass config check`: the files and programs that a configuration names, judged without asking any registry.
#pragma once

#include "regpass/config/load.hpp"

#include <map>
#include <string>
#include <vector>

namespace regpass::daemon {

struct named_files_verdict {
  std::vector<config::problem> problems;  // what the configuration names cannot be used
  std::vector<config::problem> warnings;  // what would make single registries fail
  std::string credentials;                // "3 entries, 2 usable"
};

// Credential files, password files, CA and client certificates, certs.d, the commands of helpers. Files that are only
// looked for by default may be missing.
named_files_verdict judge_named_files(const config::settings&, const std::map<std::string, std::string>& environment);

}  // namespace regpass::daemon
