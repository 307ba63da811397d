// Where [client_auth] cannot keep build steps out, said at the start and not first when it matters.
#pragma once

#include "regpass/forward/snapshot.hpp"

#include <string>

namespace regpass::daemon {

// Empty: there is nothing to say.
std::string step_remark(const forward::snapshot&);
void warn_of_steps(const forward::snapshot&);

}  // namespace regpass::daemon
