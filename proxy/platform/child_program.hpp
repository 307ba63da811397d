// Other programs, run to their end: no shell, nothing inherited but what is given, and none of it left behind.
#pragma once

#include "regpass/async/task.hpp"

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace regpass::platform {

// The absolute path of a program: what has a slash must be one; a name is looked for in the absolute directories of
// `search`, a PATH. Errors: not_found, bad_input.
result<std::filesystem::path> find_program(const std::string& name, std::string_view search);

struct program_call {
  std::vector<std::string> command;      // the first is a path; it is also what the program sees as its name
  std::vector<std::string> environment;  // "NAME=value", all that the program gets
  std::string input;                     // standard input; at most 4 KiB
  std::chrono::milliseconds within{10'000};
  std::size_t most_output = 256 * 1024;  // of standard output; of standard error the first 4 KiB are kept
};

struct program_end {
  int status = 0;  // exit code, or 128 + signal
  std::string output;
  std::string errors;
};

// The program runs in `/`, in a process group of its own. It is killed when the time is over and when it writes too
// much; what it started is killed with it, and when it ends by itself, whatever session or group that is in. Errors:
// not_found and denied (it cannot be started), timed_out, too_large. Their details do not begin with the program's
// name.
async::task<result<program_end>> run_program(program_call what);

}  // namespace regpass::platform
