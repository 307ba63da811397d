#include "regpass/forward/history.hpp"

#include <algorithm>
#include <utility>

namespace regpass::forward {

namespace {

bool is_local_refusal(const exchange_record& exchange) {
  return exchange.explanation && exchange.moved.attempts == 0 && exchange.moved.cache.empty();
}

}  // namespace

void history::add(std::shared_ptr<const exchange_record> exchange) {
  const std::lock_guard held(lock_);
  const bool refused = is_local_refusal(*exchange);
  entries_.push_back({++count_, refused, std::move(exchange)});
  if (refused) ++local_refusals_;
  if (entries_.size() > capacity_) evict();
}

void history::evict() {
  const bool too_many = local_refusals_ > (capacity_ + 1) / 2;
  const auto oldest = too_many ? std::ranges::find(entries_, true, &entry::refused_locally) : entries_.begin();
  if (oldest->refused_locally) --local_refusals_;
  entries_.erase(oldest);
}

std::vector<exchange_record> history::all() const {
  std::uint64_t seen = 0;
  return since(seen);
}

std::vector<exchange_record> history::since(std::uint64_t& seen) const {
  const std::lock_guard held(lock_);
  const auto fresh = std::ranges::upper_bound(entries_, seen, {}, &entry::number);
  std::vector<exchange_record> found;
  found.reserve(static_cast<std::size_t>(entries_.end() - fresh));
  for (auto it = fresh; it != entries_.end(); ++it) found.push_back(*it->exchange);
  seen = count_;
  return found;
}

}  // namespace regpass::forward
