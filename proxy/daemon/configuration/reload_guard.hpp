// Keeps a reload from removing restrictions by accident: a configuration file that was truncated while it was written
// lacks keys, and each missing key falls back to a default that may allow more.
#pragma once

#include "regpass/config/load.hpp"

#include <optional>

namespace regpass::daemon {

// Why `after` cannot replace `before` without a restart, or nothing. Rejected are
// - a file that is missing, empty, or ends in the middle of a line of the previous file;
// - an empty client_auth.secret_file if there was one;
// - restricting keys that are no longer set: other_hosts.action, other_hosts.ports, credentials.helpers,
//   credentials.docker_config, a mirror's path, and of a registry pull, push, delete, catalog, authorization and the
//   repositories and actions of its credentials.
// Setting another value for one of these is a decision, and takes effect.
std::optional<config::problem> lost_fence(const config::loaded& before, const config::loaded& after);

}  // namespace regpass::daemon
