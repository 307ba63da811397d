// When a blob was last pushed to each repository: evidence of a concurrent push when a manifest is refused.
#pragma once

#include "regpass/base/time.hpp"

#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace regpass::forward {

// Thread-safe. Keeps the `capacity` repositories with the latest pushes.
class blob_pushes {
 public:
  void note(const std::string& registry, const std::string& repository, steady_time at) {
    const std::lock_guard held(lock_);
    last_[{registry, repository}] = at;
    if (last_.size() <= capacity) return;
    auto oldest = last_.begin();
    for (auto it = last_.begin(); it != last_.end(); ++it) {
      if (it->second < oldest->second) oldest = it;
    }
    last_.erase(oldest);
  }
  bool pushed_since(const std::string& registry, const std::string& repository, steady_time when) const {
    const std::lock_guard held(lock_);
    const auto it = last_.find({registry, repository});
    return it != last_.end() && it->second >= when;
  }

 private:
  static constexpr std::size_t capacity = 256;
  mutable std::mutex lock_;
  std::map<std::pair<std::string, std::string>, steady_time> last_;
};

}  // namespace regpass::forward
