// Counts child tasks and waits for them, so that their owner does not return before they have ended.
#pragma once

#include "regpass/async/task.hpp"

#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <memory>

namespace regpass::async {

// One executor, one thread. Must outlive its children: the owner awaits `join` before destroying it.
class task_group {
 public:
  explicit task_group(const executor& on);
  void spawn(task<void> work, std::string_view name);
  task<void> join();
  std::size_t running() const noexcept { return running_; }

 private:
  task<void> run(task<void> work);
  executor on_;
  boost::asio::steady_timer done_;
  std::size_t running_ = 0;
};

}  // namespace regpass::async
