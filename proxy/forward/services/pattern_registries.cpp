#include "forward/services/pattern_registries.hpp"

#include "regpass/auth/host_pattern.hpp"
#include "regpass/auth/program.hpp"
#include "regpass/forward/snapshot.hpp"

#include <algorithm>

namespace regpass::forward {

const registry_entry* pattern_registries::find(const registry::host& host) {
  const auto shown = registry::to_text(host);
  if (std::ranges::none_of(patterns_, [&](const auto& pattern) { return auth::is_for_image(pattern, shown); })) {
    return nullptr;
  }
  const std::lock_guard held(lock_);
  const auto known = entries_.find(host);
  if (known != entries_.end()) return known->second.get();
  if (entries_.size() == capacity) return nullptr;
  return entries_.emplace(host, make_(host)).first->second.get();
}

std::vector<std::string> pattern_registries::domains() const {
  std::vector<std::string> found;
  for (const auto& pattern : patterns_) found.push_back(auth::domain_of_pattern(pattern));
  return found;
}

}  // namespace regpass::forward
