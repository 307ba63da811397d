// The last finished exchanges, for whoever asks what happened. Bounded, behind a lock.
#pragma once

#include "regpass/forward/finished.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace regpass::forward {

class journal {
 public:
  explicit journal(std::size_t capacity) : capacity_(capacity) {}
  void add(std::shared_ptr<const finished>);
  void add(finished one) { add(std::make_shared<const finished>(std::move(one))); }
  std::vector<finished> all() const;  // oldest first
  // Those after the first `seen` that ever were, as far as they are still here; `seen` becomes how many there were.
  std::vector<finished> since(std::uint64_t& seen) const;

 private:
  std::size_t capacity_;
  mutable std::mutex lock_;
  std::deque<std::shared_ptr<const finished>> entries_;
  std::uint64_t count_ = 0;
};

}  // namespace regpass::forward
