// What client sessions record for each other: small stores, each bounded and thread-safe.
#pragma once

#include "regpass/base/time.hpp"

#include <cstddef>
#include <limits>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace regpass::forward {

// A set that takes no further values once it has `capacity` of them.
template <class Value>
class shared_set {
 public:
  explicit shared_set(std::size_t capacity) : capacity_(capacity) {}

  void add(Value value) {
    const std::lock_guard held(lock_);
    if (values_.size() < capacity_) values_.insert(std::move(value));
  }
  void remove(const Value& value) {
    const std::lock_guard held(lock_);
    values_.erase(value);
  }
  bool contains(const Value& value) const {
    const std::lock_guard held(lock_);
    return values_.contains(value);
  }
  std::vector<Value> all() const {
    const std::lock_guard held(lock_);
    return {values_.begin(), values_.end()};
  }

 private:
  const std::size_t capacity_;
  mutable std::mutex lock_;
  std::set<Value> values_;
};

// When a blob was last pushed to each repository: evidence of a concurrent push when a manifest is refused. Keeps the
// `capacity` repositories with the latest pushes.
class blob_pushes {
 public:
  void record(const std::string& registry, const std::string& repository, steady_time at) {
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

struct session_stores {
  // Hosts without an entry whose connections were passed through: `regpass run` names them when its command fails.
  shared_set<std::string> tunnelled_hosts{64};
  // Our ends ("ADDRESS:PORT") of the connections that redirected streams are passed through on. If such a connection
  // arrives at our own listener, the redirect rules do not exempt regpass's user, and every round would open another.
  // Bounded by the number of client connections.
  shared_set<std::string> own_ends{std::numeric_limits<std::size_t>::max()};
  // Clients that do not trust regpass's CA, by the host and User-Agent of their CONNECT (redirected connections carry
  // no User-Agent). If the registry is only observed, their next connections are tunnelled: a client that works without
  // regpass must work with it.
  shared_set<std::pair<std::string, std::string>> distrusting_clients{1024};
  blob_pushes pushes{};
};

}  // namespace regpass::forward
