// The two ends of the benchmark: the origin, and what the client can do.
#pragma once

#include "options.hpp"

namespace bench {

[[noreturn]] void origin(const Options& options);
void client(const Options& options);
void fresh(const Options& options);
void hold(const Options& options);
void first(const Options& options);

}  // namespace bench
