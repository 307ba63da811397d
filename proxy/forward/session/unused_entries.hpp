// Evidence for explanations: which configuration entry applies to a host.
#pragma once

#include "forward/modes/target.hpp"
#include "regpass/diagnosis/evidence.hpp"
#include "regpass/forward/snapshot.hpp"

namespace regpass::forward {

// Records the entry that serves the target, or the existing entries if none does, and whether an upstream proxy is
// used.
void note_entries(diagnosis::evidence&, const target&, const snapshot&);

}  // namespace regpass::forward
