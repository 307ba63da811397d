// A process between regpass and a program that it runs: whatever the program starts and leaves becomes a child of that
// process (PR_SET_CHILD_SUBREAPER), even in a session of its own, so that it can be found and killed.
//
// It has to be another process: in ours the children of `regpass run`'s command would be found as well.
#pragma once

#include "regpass/base/error.hpp"

#include <sys/types.h>

namespace regpass::net {

struct supervised_program {
  int in = -1, out = -1, errors = -1;  // its standard input and outputs
  char* const* command = nullptr;      // the first is its path
  char* const* environment = nullptr;
};

// The supervisor's process number. It ends when everything is gone: with the program's exit code, 128 + signal when a
// signal ended that, and SIGTERM makes it kill all. On failure the errno of what could not be started.
result<pid_t> supervise(const supervised_program& what);

}  // namespace regpass::net
