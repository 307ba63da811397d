#include "regpass/forward/journal.hpp"

namespace regpass::forward {

void journal::add(finished entry) {
  const std::lock_guard held(lock_);
  entries_.push_back(std::move(entry));
  if (entries_.size() > capacity_) entries_.pop_front();
}

std::vector<finished> journal::all() const {
  const std::lock_guard held(lock_);
  return {entries_.begin(), entries_.end()};
}

}  // namespace regpass::forward
