// Warns at startup where [client_auth] cannot keep build steps out.
#pragma once

#include "regpass/forward/snapshot.hpp"

#include <string>

namespace regpass::daemon {

// Empty: nothing to warn of.
std::string step_remark(const forward::snapshot&);
void warn_of_steps(const forward::snapshot&);

}  // namespace regpass::daemon
