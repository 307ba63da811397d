// A thread with its own io_context. One connection lives on one worker, so nothing of a connection needs a lock.
#pragma once

#include "regpass/async/task.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <functional>
#include <future>
#include <memory>
#include <thread>
#include <vector>

namespace regpass::async {

class worker {
 public:
  worker();
  ~worker();  // stops and joins
  worker(const worker&) = delete;
  worker& operator=(const worker&) = delete;

  executor get_executor();
  void start();
  void stop();

  // Runs `work` on the worker's thread and waits for it (from another thread). Rethrows its exceptions.
  void call(const std::function<void()>& work);

 private:
  boost::asio::io_context context_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_;
  std::thread thread_;
};

}  // namespace regpass::async
