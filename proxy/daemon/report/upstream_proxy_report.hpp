// Logs at startup which upstream proxy is used, and where it was configured.
#pragma once

#include "regpass/config/load.hpp"

namespace regpass::daemon {

void log_upstream_proxy(const config::loaded&);

}  // namespace regpass::daemon
