#include "daemon/worker_pool.hpp"

#include "net/names/resolver.hpp"
#include "platform/usable_cpus.hpp"
#include "regpass/base/log.hpp"

#include <algorithm>
#include <utility>

namespace regpass::daemon {

namespace {

constexpr std::size_t most_workers = 4;

std::size_t count_for(const config::settings& settings) {
  if (settings.process.workers > 0) return settings.process.workers;
  return std::min(platform::usable_cpus(), most_workers);
}

}  // namespace

struct worker_pool::member {
  explicit member(const config::settings& settings)
      : pool(std::make_unique<transport::pool>(thread.get_executor(), settings.limits)) {}

  async::worker thread;
  std::unique_ptr<transport::pool> pool;
  std::vector<std::unique_ptr<net::listener>> listeners;  // one for each listen_point
};

worker_pool::worker_pool(const config::settings& settings) {
  const auto count = count_for(settings);
  for (std::size_t i = 0; i < count; ++i) workers_.push_back(std::make_unique<member>(settings));
  const auto names = net::resolver_of(first());
  for (const auto& executor : executors()) net::set_resolver(executor, names);
}

worker_pool::~worker_pool() = default;

async::executor worker_pool::first() const {
  return workers_.front()->thread.get_executor();
}

std::vector<async::executor> worker_pool::executors() const {
  std::vector<async::executor> executors;
  executors.reserve(workers_.size());
  for (const auto& worker : workers_) executors.push_back(worker->thread.get_executor());
  return executors;
}

result<void> worker_pool::listen(const config::settings& settings) {
  auto points = listeners_for(settings);
  if (!points) return std::unexpected(points.error());
  for (auto& point : *points) {
    const auto opened = open(point);
    if (!opened && point.required) return std::unexpected(opened.error());
    if (opened) listen_points_.push_back(point);
    if (!opened) log::write(log::level::info, "listening", "left out: " + opened.error().detail);
  }
  return {};
}

// On every worker. If the port is to be a free one, the first worker gets it and the others share it.
result<void> worker_pool::open(listen_point& point) {
  // With SO_REUSEPORT another regpass of this user could share the address, and each would get half of the clients.
  const bool shared = workers_.size() > 1;
  if (shared) {
    const auto alone = net::listener::open(first(), point.at, false);
    if (!alone) return std::unexpected(alone.error());
  }
  std::vector<std::unique_ptr<net::listener>> listeners;
  for (const auto& executor : executors()) {
    auto opened = net::listener::open(executor, point.at, shared);
    if (!opened) return std::unexpected(opened.error());
    point.at = (*opened)->local();
    listeners.push_back(std::move(*opened));
  }
  for (std::size_t i = 0; i < workers_.size(); ++i) workers_[i]->listeners.push_back(std::move(listeners[i]));
  return {};
}

void worker_pool::serve(forward::services& services, std::size_t most_connections) {
  for (auto& worker : workers_) {
    const forward::worker_context context{worker->thread.get_executor(), services, *worker->pool,
                                          worker->pool->bounds()};
    for (std::size_t i = 0; i < listen_points_.size(); ++i) {
      worker->listeners[i]->start(accept_handler(listen_points_[i], context, listen_points_), most_connections,
                                  [&services] { return services.load.sessions.load(); });
    }
    worker->thread.start();
  }
}

void worker_pool::stop() {
  for (auto& worker : workers_) worker->thread.stop();
}

}  // namespace regpass::daemon
