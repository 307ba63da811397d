#include "cli/commands/commands.hpp"
#include "daemon/hardening.hpp"
#include "tls/record_memory.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <new>
#include <string_view>

namespace {

// Whoever starts us with a closed stdout would find our log in the first file or connection that we open.
void occupy_standard_descriptors() noexcept {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
    if (::fcntl(fd, F_GETFD) < 0) ::open("/dev/null", O_RDWR);
  }
}

// An allocation that fails in the middle of a coroutine could not be told to all who wait for it: what goes on without
// them would work on what is gone. So the process ends at once, by a signal, and whoever started it starts it anew.
[[noreturn]] void out_of_memory() {
  constexpr std::string_view text = "regpass: out of memory: it ends here, so that nothing goes on half-done\n";
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text.data(), text.size());
  std::abort();
}

}  // namespace

int main(int argc, char** argv) {
  occupy_standard_descriptors();
  regpass::daemon::hide_memory();
  regpass::tls::keep_record_memory();
  std::set_new_handler(out_of_memory);
  // A log reader that went away must not end the proxy.
  std::signal(SIGPIPE, SIG_IGN);
  return regpass::cli::run_command_line(argc, argv);
}
