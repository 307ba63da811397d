#include "regpass/forward/journal.hpp"

#include <algorithm>
#include <utility>

namespace regpass::forward {

void journal::add(std::shared_ptr<const finished> entry) {
  const std::lock_guard held(lock_);
  ++count_;
  entries_.push_back(std::move(entry));
  if (entries_.size() > capacity_) entries_.pop_front();
}

std::vector<finished> journal::all() const {
  std::uint64_t seen = 0;
  return since(seen);
}

std::vector<finished> journal::since(std::uint64_t& seen) const {
  const std::lock_guard held(lock_);
  const auto fresh = std::min<std::uint64_t>(count_ - std::min(seen, count_), entries_.size());
  seen = count_;
  std::vector<finished> found;
  found.reserve(fresh);
  for (auto it = entries_.end() - static_cast<std::ptrdiff_t>(fresh); it != entries_.end(); ++it) found.push_back(**it);
  return found;
}

}  // namespace regpass::forward
