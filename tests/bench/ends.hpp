// The two ends of the benchmark: the origin, and the client's modes.
#pragma once

#include "options.hpp"

namespace bench {

[[noreturn]] void origin(const Options& options);
void client(const Options& options);
void fresh(const Options& options);
void hold(const Options& options);
void first(const Options& options);

}  // namespace bench
