// Our ends of the connections that captured streams are passed through on. One that comes back to us was itself
// redirected: the rules do not spare regpass's own user, and each round would open the next.
#pragma once

#include <mutex>
#include <set>
#include <string>
#include <utility>

namespace regpass::forward {

// Thread-safe. Ends are written "address:port".
class own_connections {
 public:
  void add(std::string end) {
    const std::lock_guard held(lock_);
    ends_.insert(std::move(end));
  }
  void remove(const std::string& end) {
    const std::lock_guard held(lock_);
    ends_.erase(end);
  }
  bool has(const std::string& end) const {
    const std::lock_guard held(lock_);
    return ends_.contains(end);
  }

 private:
  mutable std::mutex lock_;
  std::set<std::string> ends_;
};

}  // namespace regpass::forward
