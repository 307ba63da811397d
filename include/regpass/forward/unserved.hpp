// What the configuration has for a host, as evidence for explanations.
#pragma once

#include "regpass/explain/evidence.hpp"
#include "regpass/forward/snapshot.hpp"
#include "regpass/forward/target.hpp"

namespace regpass::forward {

// Which entry serves the target, or which ones there are when none does, and whether a proxy is on the way to it.
void note_entries(explain::evidence&, const target&, const snapshot&);

}  // namespace regpass::forward
