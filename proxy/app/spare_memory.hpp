// Memory that a crowd of clients needed and that nobody needs any more. glibc keeps what is freed in the middle of a
// heap, and a pod's limit counts it.
#pragma once

#include "regpass/net/task.hpp"

#include <cstddef>
#include <functional>

namespace regpass::app {

// Tells a crowd that has left from the coming and going of a few.
class tide {
 public:
  // With the most connections that there were since it was asked last: whether it was, twice now, half at most of what
  // it was once. Twice, because what a connection used upstream is kept for a moment. Says so once for each crowd.
  bool ebbed(std::size_t most) noexcept;

 private:
  std::size_t highest_ = 0;
  std::size_t before_ = 0;
};

// Gives it back to the system after each crowd, until `on` is stopped. `most` tells how many clients
// there were at most since it was asked last.
net::task<void> give_back_memory(net::executor on, std::function<std::size_t()> most);

}  // namespace regpass::app
