// Memory that a crowd needed and that nobody needs any more. glibc keeps what is freed in the middle of a heap, and a
// pod's limit counts it.
#pragma once

#include "regpass/net/task.hpp"

#include <chrono>
#include <cstddef>

namespace regpass::app {

// Tells when it is worth giving back what the heaps hold free, whatever was in it. A heap's free bytes are counted as
// such after they were given back, too: what counts is how many there are more than at least since then.
class heap_watch {
 public:
  // With the free bytes of all heaps, asked every few seconds: whether there are enough more of them, twice now. Twice,
  // because under load they come and go.
  bool worth_trimming(std::size_t free) noexcept;

 private:
  std::size_t least_ = 0;
  bool begun_ = false;
  bool enough_before_ = false;
};

// Gives it back to the system, until `on` is stopped.
net::task<void> give_back_memory(net::executor on, std::chrono::milliseconds look_every = std::chrono::seconds{2});

}  // namespace regpass::app
