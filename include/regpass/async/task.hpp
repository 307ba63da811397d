// The coroutine type, and how to spawn it. docs/async.md explains the runtime.
//
// A task starts when it is awaited, at once and on the same thread, and its caller resumes as soon as it is done.
// Asio's awaitable behaves the same, but takes several times as many instructions per call, of which a request makes
// some forty, and caches no frame above 1 KiB.
#pragma once

#include "async/task_promise.hpp"
#include "regpass/base/error.hpp"

#include <boost/asio/dispatch.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include <coroutine>
#include <exception>
#include <future>
#include <memory>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

namespace regpass::async {

// The outcome of a task.
template <class T>
struct task_end {
  std::optional<T> value;
  std::exception_ptr thrown;

  T take() {
    if (thrown) std::rethrow_exception(thrown);
    return std::move(*value);
  }
};
template <>
struct task_end<void> {
  std::exception_ptr thrown;

  void take() const {
    if (thrown) std::rethrow_exception(thrown);
  }
};

template <class T>
struct promise_of : promise_base {
  task_end<T> ended;
  template <class U>
  void return_value(U&& value) {
    ended.value.emplace(std::forward<U>(value));
  }
};
template <>
struct promise_of<void> : promise_base {
  task_end<void> ended;
  static void return_void() noexcept {}
};

template <class T>
class [[nodiscard]] task {
 public:
  struct promise_type : promise_of<T> {
    task get_return_object() noexcept {
      const auto frame = std::coroutine_handle<promise_type>::from_promise(*this);
      this->self = frame;
      return task(frame);
    }
    struct last_act {
      static bool await_ready() noexcept { return false; }
      // The caller may destroy this frame once it is resumed.
      static void await_suspend(std::coroutine_handle<promise_type> done) noexcept {
        auto& mine = done.promise();
        if (mine.must_resume) mine.awaited_by->self.resume();
      }
      static void await_resume() noexcept {}
    };
    static last_act final_suspend() noexcept { return {}; }
    void unhandled_exception() noexcept { this->ended.thrown = std::current_exception(); }
  };

  task() noexcept = default;
  task(task&& other) noexcept : frame_(std::exchange(other.frame_, nullptr)) {}
  task& operator=(task&& other) noexcept {
    std::swap(frame_, other.frame_);
    return *this;
  }
  ~task() {
    if (frame_) frame_.destroy();
  }

  static bool await_ready() noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> caller) {
    auto& mine = frame_.promise();
    mine.awaited_by = &caller.promise();
    mine.on = mine.awaited_by->on;
    frame_.resume();
    if (frame_.done()) return false;
    mine.must_resume = true;
    return true;
  }
  // The frame is destroyed together with its result, not with the task.
  T await_resume() {
    const task over(std::move(*this));
    return over.frame_.promise().ended.take();
  }

 private:
  explicit task(std::coroutine_handle<promise_type> frame) noexcept : frame_(frame) {}
  std::coroutine_handle<promise_type> frame_;
};

// A coroutine without a caller.
class outermost {
 public:
  struct promise_type : promise_base {
    outermost get_return_object() noexcept {
      const auto frame = std::coroutine_handle<promise_type>::from_promise(*this);
      self = frame;
      return outermost(*this);
    }
    static std::suspend_never final_suspend() noexcept { return {}; }
    static void return_void() noexcept {}
    [[noreturn]] static void unhandled_exception() noexcept { std::terminate(); }

    std::optional<boost::asio::executor_work_guard<executor>> loop;  // keeps the event loop running until this is done
    executor home;
  };

  // On the thread of `home`: at once if that is the current thread.
  void start(const executor& home) {
    promise_.home = home;
    promise_.loop.emplace(home);
    promise_.on = &promise_.home;
    boost::asio::dispatch(home, resumption(promise_));
  }

 private:
  explicit outermost(promise_type& promise) noexcept : promise_(promise) {}
  promise_type& promise_;
};

// Calls `done` with the outcome, on the thread that `work` ran on.
template <class T, class Done>
outermost run_to_end(task<T> work, Done done) {
  task_end<T> made;
  try {
    if constexpr (std::is_void_v<T>) {
      co_await std::move(work);
    } else {
      auto value = co_await std::move(work);
      made.value.emplace(std::move(value));
    }
  } catch (...) {
    made.thrown = std::current_exception();
  }
  done(std::move(made));
}

// Runs `work` on `on`, detached. An exception that leaves it is a bug: it is logged with `name`, a literal, and
// swallowed.
void spawn(const executor& on, task<void> work, std::string_view name);

// For threads without an event loop.
template <class T>
std::future<T> start(const executor& on, task<T> work) {
  std::promise<T> told;
  auto ending = told.get_future();
  auto done = [told = std::move(told)](task_end<T>&& made) mutable {
    if (made.thrown) {
      told.set_exception(made.thrown);
    } else if constexpr (std::is_void_v<T>) {
      told.set_value();
    } else {
      told.set_value(std::move(*made.value));
    }
  };
  run_to_end(std::move(work), std::move(done)).start(on);
  return ending;
}

// Runs a task on the thread of another executor and resumes the caller on its own. Both event loops must outlive both
// threads: a thread may still be posting to a loop that has already finished.
template <class T>
class run_on_awaiter {
 public:
  run_on_awaiter(executor there, task<T> work) : there_(std::move(there)), work_(std::move(work)) {}

  static bool await_ready() noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> caller) {
    promise_base& waits = caller.promise();
    crosses_ = *waits.on != there_;
    if (!crosses_) return work_.await_suspend(caller);
    auto back = [this, home = boost::asio::make_work_guard(*waits.on),
                 go_on = resumption(waits)](task_end<T>&& made) mutable {
      made_ = std::move(made);
      // From here on nothing may keep the loop alive: it may end as soon as the caller is done.
      const auto on = home.get_executor();
      boost::asio::post(on, [home = std::move(home), go_on = std::move(go_on)]() mutable { go_on(); });
    };
    run_to_end(std::move(work_), std::move(back)).start(there_);
    return true;
  }
  T await_resume() { return crosses_ ? made_.take() : work_.await_resume(); }

 private:
  executor there_;
  task<T> work_;
  task_end<T> made_;
  bool crosses_ = false;
};

template <class T>
run_on_awaiter<T> run_on(executor there, task<T> work) {
  return run_on_awaiter<T>(std::move(there), std::move(work));
}

}  // namespace regpass::async
