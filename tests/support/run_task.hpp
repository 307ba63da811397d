// Runs a coroutine to completion on its own event loop; a test that hangs fails instead.
#pragma once

#include "regpass/async/task.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <chrono>
#include <functional>
#include <future>
#include <stdexcept>
#include <utility>

namespace regpass::testing {

constexpr std::chrono::seconds guard_time{30};

template <class T>
T run_task(async::task<T> work, std::chrono::seconds guard = guard_time) {
  boost::asio::io_context loop;
  auto outcome = async::start(loop.get_executor(), std::move(work));
  const auto give_up_at = std::chrono::steady_clock::now() + guard;
  while (outcome.wait_for(std::chrono::seconds(0)) != std::future_status::ready) {
    if (loop.run_one_until(give_up_at) == 0) throw std::runtime_error("the task did not end in time");
  }
  return outcome.get();
}

// `body` is a coroutine lambda; its captures live as long as it runs.
inline void run_task(const std::function<async::task<void>()>& body) {
  run_task(body());
}

inline async::task<void> pause(std::chrono::milliseconds length) {
  const auto on = co_await boost::asio::this_coro::executor;
  boost::asio::steady_timer timer(on, length);
  co_await timer.async_wait(async::use_task);
}

// Lets all other tasks run as far as they can without a timer or a socket.
inline async::task<void> let_others_run() {
  const auto on = co_await boost::asio::this_coro::executor;
  for (int i = 0; i < 1000; ++i) {
    co_await boost::asio::post(on, async::use_task);
  }
}

// Polls `holds()` every few milliseconds until it is true or time is up; the caller checks the result.
template <class F>
async::task<bool> wait_until(F holds, std::chrono::milliseconds within = std::chrono::seconds(10)) {
  const auto until = std::chrono::steady_clock::now() + within;
  while (!holds() && std::chrono::steady_clock::now() < until) {
    co_await pause(std::chrono::milliseconds(2));
  }
  co_return holds();
}

}  // namespace regpass::testing
