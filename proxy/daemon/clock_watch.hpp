// A wall clock that is set while regpass runs. Ages are measured on the steady clock, and leaf certificates are made
// anew when theirs do not fit any more; what is left is to say it, since registries and clients may judge otherwise
// (F05).
#pragma once

#include "regpass/async/task.hpp"
#include "regpass/base/time.hpp"

#include <chrono>
#include <optional>

namespace regpass::daemon {

// By how much the wall clock went on more than time did; nothing when it is less than a minute, which slewing explains.
std::optional<std::chrono::seconds> clock_jump(const instant& before, const instant& after);

// Says each jump once, until `on` is stopped.
async::task<void> watch_clock(async::executor on);

}  // namespace regpass::daemon
