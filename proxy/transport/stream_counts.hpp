// How many connections to registries and token servers the process has, counted where they begin and end.
#pragma once

#include <atomic>
#include <cstddef>
#include <utility>

namespace regpass::transport {

struct tally {
  std::atomic<std::size_t> open{0};
  std::atomic<std::size_t> idle{0};  // of those: kept for the next exchange
};

tally& upstream_tally() noexcept;

// One of a count, for as long as this lives.
class tally_mark {
 public:
  tally_mark() = default;
  explicit tally_mark(std::atomic<std::size_t>& in) noexcept : in_(&in) { ++in; }
  tally_mark(tally_mark&& other) noexcept : in_(std::exchange(other.in_, nullptr)) {}
  tally_mark& operator=(tally_mark&& other) noexcept {
    std::swap(in_, other.in_);
    return *this;
  }
  ~tally_mark() { leave(); }
  void leave() noexcept {
    if (auto* from = std::exchange(in_, nullptr)) --*from;
  }

 private:
  std::atomic<std::size_t>* in_ = nullptr;
};

}  // namespace regpass::transport
