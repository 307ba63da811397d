// Bounds of connections (docs/threat-model.md, "Default bounds"), each a configuration key under [limits].
#pragma once

#include "regpass/options/limits.hpp"

namespace regpass::transport {

using limits = options::connection_limits;

}  // namespace regpass::transport
