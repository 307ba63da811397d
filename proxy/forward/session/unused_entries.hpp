// Evidence for explanations: what the configuration has for a host.
#pragma once

#include "forward/modes/target.hpp"
#include "regpass/diagnosis/evidence.hpp"
#include "regpass/forward/snapshot.hpp"

namespace regpass::forward {

// Notes which entry serves the target, or which entries exist if none does, and whether an upstream proxy is used.
void note_entries(diagnosis::evidence&, const target&, const snapshot&);

}  // namespace regpass::forward
