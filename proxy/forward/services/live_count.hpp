// How many there are of something that comes and goes on several threads.
#pragma once

#include <atomic>
#include <cstddef>

namespace regpass::forward {

class live_count {
 public:
  void come() noexcept { ++here_; }
  void go() noexcept { --here_; }

  std::size_t load() const noexcept { return here_.load(); }

 private:
  std::atomic<std::size_t> here_{0};
};

}  // namespace regpass::forward
