#include "regpass/forward/memory.hpp"

#include <algorithm>

namespace regpass::forward {

std::optional<auth::demand> memory::demand_of(const registry::host& host) const {
  const std::lock_guard held(lock_);
  const auto it = demands_.find(host);
  if (it == demands_.end()) return std::nullopt;
  return it->second;
}

void memory::learn(const registry::host& host, const auth::demand& demand) {
  const std::lock_guard held(lock_);
  if (demands_.size() >= max_demands && !demands_.contains(host)) {
    doubtful_.erase(demands_.begin()->first);
    demands_.erase(demands_.begin());
  }
  demands_.insert_or_assign(host, demand);
  doubtful_.erase(host);
}

void memory::doubt(const registry::host& host) {
  const std::lock_guard held(lock_);
  if (demands_.contains(host)) doubtful_.insert(host);
}

bool memory::is_doubtful(const registry::host& host) const {
  const std::lock_guard held(lock_);
  return doubtful_.contains(host);
}

bool memory::refuse(std::uint64_t generation) {
  const std::lock_guard held(lock_);
  if (!refused_.insert(generation).second) return false;
  if (refused_.size() > max_refused) refused_.erase(refused_.begin());  // the oldest
  return true;
}

void memory::accept(std::uint64_t generation) {
  const std::lock_guard held(lock_);
  refused_.erase(generation);
}

bool memory::is_refused(std::uint64_t generation) const {
  const std::lock_guard held(lock_);
  return refused_.contains(generation);
}

std::optional<std::string> memory::repository_of(const registry::host& host, const std::string& path) const {
  const std::lock_guard held(lock_);
  const auto it =
      std::ranges::find_if(uploads_, [&](const upload& one) { return one.host == host && one.path == path; });
  if (it == uploads_.end()) return std::nullopt;
  return it->repository;
}

void memory::remember_upload(const registry::host& host, const std::string& path, const std::string& repository) {
  const std::lock_guard held(lock_);
  std::erase_if(uploads_, [&](const upload& one) { return one.host == host && one.path == path; });
  uploads_.push_front(upload{host, path, repository});
  if (uploads_.size() > max_uploads) uploads_.pop_back();
}

}  // namespace regpass::forward
