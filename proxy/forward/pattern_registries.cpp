#include "regpass/forward/pattern_registries.hpp"

#include "regpass/auth/host_pattern.hpp"
#include "regpass/auth/program.hpp"
#include "regpass/forward/snapshot.hpp"

#include <algorithm>

namespace regpass::forward {

const registry_entry* pattern_registries::find(const registry::host& host) {
  const auto shown = registry::to_text(host);
  if (std::ranges::none_of(patterns_, [&](const auto& one) { return auth::is_for_image(one, shown); })) return nullptr;
  const std::lock_guard held(lock_);
  const auto known = made_.find(host);
  if (known != made_.end()) return known->second.get();
  if (made_.size() == most) return nullptr;
  return made_.emplace(host, make_(host)).first->second.get();
}

std::vector<std::string> pattern_registries::domains() const {
  std::vector<std::string> found;
  for (const auto& one : patterns_) found.push_back(auth::domain_of_pattern(one));
  return found;
}

}  // namespace regpass::forward
