// Files with secrets that every user of the machine may read.
#pragma once

#include "config/settings.hpp"
#include "daemon/credential_loader.hpp"

#include <filesystem>
#include <set>
#include <vector>

namespace regpass::daemon {

// Files of `all` that others may read. Not those of volumes and directories that belong to one container or service,
// which are mounted so (Kubernetes, /run/secrets, systemd's credentials).
std::vector<std::filesystem::path> readable_by_others(const std::vector<std::filesystem::path>& all);

// A warning for each that has secrets: credentials in force, client keys, the clients' password. Once a file, by
// `known`.
void warn_of_open_files(const config::settings&, const credentials&, std::set<std::filesystem::path>& known);

}  // namespace regpass::daemon
