// The workers, and the listeners of clients: every worker has one on each address.
#pragma once

#include "config/settings.hpp"
#include "daemon/listeners.hpp"
#include "forward/services/services.hpp"
#include "regpass/async/worker.hpp"
#include "regpass/net/listener.hpp"

#include <cstddef>
#include <memory>
#include <vector>

namespace regpass::daemon {

class worker_pool {
 public:
  // As many as limits.workers says; they do not run yet.
  explicit worker_pool(const config::settings&);
  ~worker_pool();

  // The first one also runs what all of them share: token requests, credential programs, the resolver.
  async::executor first() const;
  std::vector<async::executor> executors() const;

  // Opens the configured addresses. Errors name the address.
  result<void> listen(const config::settings&);
  const std::vector<listen_point>& listen_points() const noexcept { return listen_points_; }

  // Starts the threads, which accept at most so many connections together.
  void serve(forward::services&, std::size_t most_connections);
  void stop();

 private:
  struct member;
  result<void> open(listen_point&);

  std::vector<std::unique_ptr<member>> workers_;
  std::vector<listen_point> listen_points_;  // those that are open
};

}  // namespace regpass::daemon
