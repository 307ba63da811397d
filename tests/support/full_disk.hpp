// Simulates a full disk: during its lifetime, no file of this process can grow beyond the given size.
#pragma once

#include <sys/resource.h>

#include <csignal>
#include <cstddef>

namespace regpass::testing {

class full_disk {
 public:
  explicit full_disk(std::size_t room = 0) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit now{room, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &now);
  }
  ~full_disk() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }
  full_disk(const full_disk&) = delete;
  full_disk& operator=(const full_disk&) = delete;

 private:
  void (*handler_)(int);
  rlimit before_{};
};

}  // namespace regpass::testing
