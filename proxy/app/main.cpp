#include "commands/commands.hpp"

#include <sys/resource.h>

#include <csignal>

int main(int argc, char** argv) {
  // No core dump may hold a credential (T28); a log reader that went away must not end the proxy.
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  std::signal(SIGPIPE, SIG_IGN);
  return regpass::app::run_command_line(argc, argv);
}
