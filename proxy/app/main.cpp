#include "commands/commands.hpp"
#include "hardening.hpp"

#include <csignal>

int main(int argc, char** argv) {
  regpass::app::hide_memory();
  // A log reader that went away must not end the proxy.
  std::signal(SIGPIPE, SIG_IGN);
  return regpass::app::run_command_line(argc, argv);
}
