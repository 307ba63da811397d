// Clients that do not trust regpass's CA, by the host and User-Agent of their CONNECT. If the registry is only
// observed, their next connections are tunnelled: a client that works without regpass must work with it.
#pragma once

#include <cstddef>
#include <mutex>
#include <set>
#include <string>
#include <utility>

namespace regpass::forward {

class tls_rejections {
 public:
  // Both are thread-safe. `agent` is empty for redirected connections, which do not identify their client.
  void note(const std::string& host, const std::string& agent) {
    const std::lock_guard held(lock_);
    if (clients_.size() < max_clients) clients_.emplace(host, agent);
  }
  bool has(const std::string& host, const std::string& agent) const {
    const std::lock_guard held(lock_);
    return clients_.contains({host, agent});
  }

 private:
  static constexpr std::size_t max_clients = 1024;
  mutable std::mutex lock_;
  std::set<std::pair<std::string, std::string>> clients_;
};

}  // namespace regpass::forward
