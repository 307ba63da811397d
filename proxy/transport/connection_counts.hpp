// How many connections to registries and token servers the process has open.
#pragma once

#include <atomic>
#include <cstddef>
#include <utility>

namespace regpass::transport {

struct connection_counts {
  std::atomic<std::size_t> open{0};
  std::atomic<std::size_t> idle{0};  // of those: in a pool
};

inline connection_counts& upstream_connections() noexcept {
  static connection_counts process_wide;
  return process_wide;
}

// Increments a count for as long as it lives.
class count_guard {
 public:
  count_guard() = default;
  explicit count_guard(std::atomic<std::size_t>& count) noexcept : count_(&count) { ++count; }
  count_guard(count_guard&& other) noexcept : count_(std::exchange(other.count_, nullptr)) {}
  count_guard& operator=(count_guard&& other) noexcept {
    std::swap(count_, other.count_);
    return *this;
  }
  ~count_guard() { release(); }
  void release() noexcept {
    if (auto* count = std::exchange(count_, nullptr)) --*count;
  }

 private:
  std::atomic<std::size_t>* count_ = nullptr;
};

}  // namespace regpass::transport
