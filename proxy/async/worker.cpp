#include "regpass/async/worker.hpp"

#include "regpass/base/log.hpp"

#include <boost/asio/post.hpp>

#include <exception>

namespace regpass::async {

worker::worker() : context_(1), guard_(boost::asio::make_work_guard(context_)) {}

worker::~worker() {
  stop();
}

executor worker::get_executor() {
  return context_.get_executor();
}

void worker::start() {
  thread_ = std::thread([this] {
    // A handler that throws is a bug, which must not end the other connections of this worker.
    while (!context_.stopped()) {
      try {
        context_.run();
      } catch (const std::exception& bug) {
        log::write(log::level::error, "bug", std::string{"a handler ended by an exception: "} + bug.what());
      }
    }
  });
}

void worker::stop() {
  guard_.reset();
  context_.stop();
  if (thread_.joinable()) thread_.join();
}

void worker::call(const std::function<void()>& work) {
  if (!thread_.joinable()) return work();
  std::packaged_task<void()> task(work);
  auto done = task.get_future();
  boost::asio::post(context_, [task = std::move(task)]() mutable { task(); });
  done.get();
}

}  // namespace regpass::async
