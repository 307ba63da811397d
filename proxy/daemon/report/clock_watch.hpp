// Detects that the wall clock was set while regpass runs. Ages are measured on the steady clock, and leaf certificates
// are reissued when their validity no longer fits, so a warning is all that is left: registries and clients may
// disagree about the time (F05).
#pragma once

#include "regpass/async/task.hpp"
#include "regpass/base/time.hpp"

#include <chrono>
#include <optional>

namespace regpass::daemon {

// How far the wall clock moved beyond the time that passed; nothing below a minute, which slewing explains.
std::optional<std::chrono::seconds> clock_jump(const instant& before, const instant& after);

// Logs each jump once, until `on` is stopped.
async::task<void> watch_clock(async::executor on);

}  // namespace regpass::daemon
