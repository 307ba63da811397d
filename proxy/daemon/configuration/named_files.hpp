// For `regpass config check`: checks the files and programs that a configuration names, without contacting a registry.
#pragma once

#include "regpass/config/load.hpp"

#include <map>
#include <string>
#include <vector>

namespace regpass::daemon {

struct named_files_verdict {
  std::vector<config::problem> problems;  // things that the configuration names and that cannot be used
  std::vector<config::problem> warnings;  // what would make individual registries fail
  std::string credentials;                // "3 entries, 2 usable"
};

// Credential files, password files, CA and client certificates, certs.d, the commands of helpers. Files in default
// locations may be missing.
named_files_verdict judge_named_files(const config::settings&, const std::map<std::string, std::string>& environment);

}  // namespace regpass::daemon
