// Warns of files with secrets that every user of the machine may read.
#pragma once

#include "config/settings.hpp"
#include "daemon/credential_loader.hpp"

#include <filesystem>
#include <set>
#include <vector>

namespace regpass::daemon {

// Files of `all` that others may read. Ignores volumes and directories that belong to a single container or service and
// are mounted that way (Kubernetes, /run/secrets, systemd's credentials).
std::vector<std::filesystem::path> readable_by_others(const std::vector<std::filesystem::path>& all);

// Warns of each such file with secrets: credentials in force, client keys, the clients' password. Once per file;
// `known` remembers them.
void warn_of_open_files(const config::settings&, const credentials&, std::set<std::filesystem::path>& known);

}  // namespace regpass::daemon
