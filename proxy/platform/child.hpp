// A command as a child process.
#pragma once

#include "regpass/base/error.hpp"

#include <sys/types.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace regpass::platform {

result<pid_t> start_child(const std::vector<std::string>& command,
                          const std::map<std::string, std::string>& environment);

// The exit code as a shell tells it: 128 + signal for one that was killed. Nothing while it still runs.
std::optional<int> exit_code_of(pid_t child);

}  // namespace regpass::platform
