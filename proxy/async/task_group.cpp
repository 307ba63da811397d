#include "regpass/async/task_group.hpp"

#include <exception>

namespace regpass::async {

task_group::task_group(const executor& on) : on_(on), done_(on, boost::asio::steady_timer::time_point::max()) {}

void task_group::spawn(task<void> work, std::string_view name) {
  ++running_;
  async::spawn(on_, run(std::move(work)), name);
}

task<void> task_group::run(task<void> work) {
  std::exception_ptr bug;
  try {
    co_await std::move(work);
  } catch (...) {
    bug = std::current_exception();
  }
  if (--running_ == 0) done_.cancel();
  if (bug) std::rethrow_exception(bug);  // spawn logs it
}

task<void> task_group::join() {
  while (running_ != 0) {
    co_await done_.async_wait(use_task);
  }
}

}  // namespace regpass::async
