// Memory that a crowd needed and that nobody needs any more. glibc keeps what is freed in the middle of a heap, and a
// pod's limit counts it.
#pragma once

#include "regpass/async/task.hpp"

#include <chrono>
#include <cstddef>

namespace regpass::platform {

// Decides when it is worth giving back what the heaps hold free: when there is much more of it than there was at least
// since the last time.
class heap_watch {
 public:
  // With the free bytes that are resident, asked every few seconds: whether there are enough more of them, twice now.
  // Twice, because under load they come and go.
  bool worth_trimming(std::size_t free) noexcept;

 private:
  std::size_t least_ = 0;
  bool begun_ = false;
  bool enough_before_ = false;
};

// Gives it back to the system, until `on` is stopped.
async::task<void> give_back_memory(async::executor on, std::chrono::milliseconds look_every = std::chrono::seconds{2});

}  // namespace regpass::platform
