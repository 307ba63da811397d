// The last finished exchanges, for whoever asks what happened. Bounded, behind a lock.
#pragma once

#include "regpass/explain/diagnose.hpp"
#include "regpass/explain/evidence.hpp"

#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <vector>

namespace regpass::forward {

struct finished {
  explain::evidence evidence;
  std::optional<explain::explanation> explanation;
};

class journal {
 public:
  explicit journal(std::size_t capacity) : capacity_(capacity) {}
  void add(finished);
  std::vector<finished> all() const;  // oldest first

 private:
  std::size_t capacity_;
  mutable std::mutex lock_;
  std::deque<finished> entries_;
};

}  // namespace regpass::forward
