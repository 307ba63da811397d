// How many there are of something that comes and goes on several threads, and how many there were at most.
#pragma once

#include <atomic>
#include <cstddef>

namespace regpass::forward {

class head_count {
 public:
  void come() noexcept {
    const auto now = ++here_;
    auto most = highest_.load();
    while (now > most && !highest_.compare_exchange_weak(most, now)) continue;
  }
  void go() noexcept { --here_; }

  std::size_t load() const noexcept { return here_.load(); }
  // Since this was asked last.
  std::size_t take_highest() noexcept { return highest_.exchange(here_.load()); }

 private:
  std::atomic<std::size_t> here_{0};
  std::atomic<std::size_t> highest_{0};
};

}  // namespace regpass::forward
