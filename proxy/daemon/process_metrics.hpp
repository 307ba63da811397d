// What Prometheus' client libraries say of every process, from /proc.
#pragma once

#include "regpass/forward/metrics.hpp"

namespace regpass::daemon {

void observe_process(forward::metrics&);

}  // namespace regpass::daemon
