// Returns memory to the system that is no longer needed. glibc keeps what is freed in the middle of a heap, and it
// counts towards a pod's limit.
#pragma once

#include "regpass/async/task.hpp"

#include <chrono>
#include <cstddef>

namespace regpass::platform {

// Decides when returning free heap memory is worthwhile: when there is much more of it than at the lowest point since
// the last time.
class heap_watch {
 public:
  // Called every few seconds with the free resident bytes. True if there were enough more of them at two calls in a
  // row: under load they come and go.
  bool worth_trimming(std::size_t free) noexcept;

 private:
  std::size_t least_ = 0;
  bool started_ = false;
  bool enough_before_ = false;
};

// Returns free heap memory to the system until `on` is stopped.
async::task<void> give_back_memory(async::executor on, std::chrono::milliseconds interval = std::chrono::seconds{2});

// Releases what startup left in memory: free heap memory, and pages of the program and its libraries that were mapped
// so far. Pages that are needed again come back from the page cache, some 64 KiB at a time; the others, such as the
// configuration parser, no longer count as in use.
void release_startup_memory() noexcept;

}  // namespace regpass::platform
