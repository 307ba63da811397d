// The process metrics that every Prometheus client library exports, read from /proc.
#pragma once

#include "regpass/forward/metrics.hpp"

namespace regpass::daemon {

void observe_process(forward::metrics&);

}  // namespace regpass::daemon
