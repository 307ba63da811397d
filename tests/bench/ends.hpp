// The two ends of the benchmark; what each does is in the file of its name.
#pragma once

#include "options.hpp"

namespace bench {

[[noreturn]] void origin(const Options& options);
void client(const Options& options);

}  // namespace bench
