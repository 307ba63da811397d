// Evidence for explanations: what the configuration has for a host.
#pragma once

#include "regpass/explain/evidence.hpp"
#include "regpass/forward/snapshot.hpp"
#include "regpass/forward/target.hpp"

namespace regpass::forward {

// Notes which entry serves the target, or which entries exist if none does, and whether an upstream proxy is used.
void note_entries(explain::evidence&, const target&, const snapshot&);

}  // namespace regpass::forward
