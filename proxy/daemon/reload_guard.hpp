// What a reload may not take away: a configuration file that was emptied or cut while it was written says less than was
// meant, and each key that is gone falls back to a default that may allow more.
#pragma once

#include "regpass/config/load.hpp"

#include <optional>

namespace regpass::daemon {

// Why `after` cannot follow `before` without a restart; none: it can. Refused are
// - a file that is gone, empty, or ends in the middle of a line of the one before;
// - client_auth.secret_file without a value;
// - keys that restrict and are not written any more: other_hosts.action, other_hosts.ports, credentials.helpers,
//   credentials.docker_config, a mirror's path, and of a registry pull, push, delete, catalog, authorization and the
//   repositories and actions of its credentials.
// Writing another value for one of these is a decision, and is followed.
std::optional<config::problem> lost_fence(const config::loaded& before, const config::loaded& after);

}  // namespace regpass::daemon
