// A supervisor process between regpass and a program that it runs. Processes that the program starts and orphans become
// children of the supervisor (PR_SET_CHILD_SUBREAPER), even in a session of their own, so that it can kill them all.
//
// It must be a process of its own: if regpass were the subreaper, it would also find what `regpass run`'s command
// started.
#pragma once

#include "regpass/base/error.hpp"

#include <sys/types.h>

namespace regpass::platform {

struct supervised_program {
  int in = -1, out = -1, errors = -1;  // its standard input, output and error
  char* const* command = nullptr;      // argv; the first element is the path
  char* const* environment = nullptr;
};

// Returns the supervisor's process ID. It exits once all these processes are gone, with the program's exit code or with
// 128 + the signal that ended the program. SIGTERM makes it kill them all. Error: the errno of the step that failed.
result<pid_t> supervise(const supervised_program& what);

}  // namespace regpass::platform
