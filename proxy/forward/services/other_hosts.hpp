// Hosts without an entry whose connections were passed through: `regpass run` names them when its command fails.
#pragma once

#include <cstddef>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace regpass::forward {

// Thread-safe. Only the first few hosts are kept.
class seen_hosts {
 public:
  void add(std::string authority) {
    const std::lock_guard held(lock_);
    if (hosts_.size() < capacity) hosts_.insert(std::move(authority));
  }
  std::vector<std::string> all() const {
    const std::lock_guard held(lock_);
    return {hosts_.begin(), hosts_.end()};
  }

 private:
  static constexpr std::size_t capacity = 64;
  mutable std::mutex lock_;
  std::set<std::string> hosts_;
};

}  // namespace regpass::forward
