#include "commands/commands.hpp"
#include "hardening.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <csignal>

namespace {

// Whoever starts us with a closed stdout would find our log in the first file or connection that we open.
void occupy_standard_descriptors() noexcept {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
    if (::fcntl(fd, F_GETFD) < 0) ::open("/dev/null", O_RDWR);
  }
}

}  // namespace

int main(int argc, char** argv) {
  occupy_standard_descriptors();
  regpass::app::hide_memory();
  // A log reader that went away must not end the proxy.
  std::signal(SIGPIPE, SIG_IGN);
  return regpass::app::run_command_line(argc, argv);
}
