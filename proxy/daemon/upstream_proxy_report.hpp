// Says at start which way out is taken, and where that was written.
#pragma once

#include "regpass/config/load.hpp"

namespace regpass::daemon {

void log_way_out(const config::loaded&);

}  // namespace regpass::daemon
