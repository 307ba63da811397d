#include "cli/commands/commands.hpp"
#include "regpass/platform/confinement.hpp"
#include "tls/record_memory.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <new>
#include <string_view>

namespace {

// If regpass is started with stdout closed, its log would otherwise go to the first file or connection it opens.
void occupy_standard_descriptors() noexcept {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
    if (::fcntl(fd, F_GETFD) < 0) ::open("/dev/null", O_RDWR);
  }
}

// An allocation that fails in the middle of a coroutine cannot be reported to everything that waits for it, so that the
// rest would work with destroyed objects. The process aborts, and its supervisor restarts it.
[[noreturn]] void out_of_memory() {
  constexpr std::string_view text = "regpass: out of memory, aborting\n";
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text.data(), text.size());
  std::abort();
}

}  // namespace

int main(int argc, char** argv) {
  occupy_standard_descriptors();
  regpass::platform::hide_memory();
  regpass::tls::keep_record_memory();
  std::set_new_handler(out_of_memory);
  // A log reader that went away must not end the proxy.
  std::signal(SIGPIPE, SIG_IGN);
  return regpass::cli::run_command_line(argc, argv);
}
