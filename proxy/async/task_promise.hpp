// The base of all promises, and how coroutines wait for Asio operations. For task.hpp.
#pragma once

#include "async/frame_memory.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/this_coro.hpp>

#include <coroutine>
#include <cstddef>
#include <exception>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

namespace regpass::async {

using executor = boost::asio::any_io_executor;

// A coroutine inherits its executor from its caller; the outermost one owns it. Whatever a coroutine waits for belongs
// to the thread of that executor, and never resumes it before it has suspended.
class promise_base {
 public:
  promise_base() noexcept = default;
  promise_base(const promise_base&) = delete;
  promise_base& operator=(const promise_base&) = delete;

  static void* operator new(std::size_t bytes) { return take_frame(bytes); }
  static void operator delete(void* frame, std::size_t bytes) noexcept { give_back_frame(frame, bytes); }

  static std::suspend_always initial_suspend() noexcept { return {}; }

  template <class A>
  static A&& await_transform(A&& what) noexcept {
    return std::forward<A>(what);
  }
  struct at_hand {
    const executor& on;
    static bool await_ready() noexcept { return true; }
    static void await_suspend(std::coroutine_handle<>) noexcept {}
    executor await_resume() const noexcept { return on; }
  };
  at_hand await_transform(boost::asio::this_coro::executor_t) const noexcept { return at_hand{*on}; }

  std::coroutine_handle<> self;
  promise_base* awaited_by = nullptr;
  const executor* on = nullptr;
  bool must_resume = false;  // `awaited_by`, which has suspended because this one was not done at once
  bool starting = false;     // an operation is being started, which it will then wait for

 protected:
  ~promise_base() = default;
};

// Resumes a waiting coroutine, once. Owns it together with its callers: if it is never called, as at the end of an
// event loop, they are destroyed without being resumed.
class resumption {
 public:
  using allocator_type = frame_allocator<void>;

  resumption() noexcept = default;
  explicit resumption(promise_base& waits) noexcept : waits_(&waits) {}
  resumption(resumption&& other) noexcept : waits_(std::exchange(other.waits_, nullptr)) {}
  resumption& operator=(resumption&& other) noexcept {
    resumption(std::move(other)).swap(*this);
    return *this;
  }
  ~resumption() {
    // If the operation could not be started, the coroutine goes on with an exception.
    if (waits_ == nullptr || waits_->starting) return;
    auto* outermost = waits_;
    while (outermost->awaited_by != nullptr) outermost = outermost->awaited_by;
    outermost->self.destroy();
  }

  explicit operator bool() const noexcept { return waits_ != nullptr; }
  void swap(resumption& other) noexcept { std::swap(waits_, other.waits_); }
  void operator()() { std::exchange(waits_, nullptr)->self.resume(); }
  static allocator_type get_allocator() noexcept { return {}; }

 private:
  promise_base* waits_ = nullptr;
};

// The completion token of all operations: their results, errors included, are returned as a tuple; nothing is thrown.
struct use_task_t {};
inline constexpr use_task_t use_task{};

// An operation that starts when it is awaited.
template <class Initiation, class Arguments, class... Results>
class operation {
 public:
  template <class... A>
  explicit operation(Initiation&& how, A&&... arguments)
      : initiation_(std::move(how)), arguments_(std::forward<A>(arguments)...) {}

  static bool await_ready() noexcept { return false; }

  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> caller) {
    promise_base& waits = caller.promise();
    const start_mark mark(waits);
    std::apply([&](auto&&... each) { std::move(initiation_)(completion(results_, waits), std::move(each)...); },
               std::move(arguments_));
  }

  std::tuple<Results...> await_resume() { return std::move(*results_); }

 private:
  using results = std::optional<std::tuple<Results...>>;

  struct start_mark {
    explicit start_mark(promise_base& one) noexcept : of(one) { of.starting = true; }
    start_mark(const start_mark&) = delete;
    start_mark& operator=(const start_mark&) = delete;
    ~start_mark() { of.starting = false; }
    promise_base& of;
  };

  class completion {
   public:
    using allocator_type = frame_allocator<void>;

    completion(results& into, promise_base& waits) noexcept : into_(&into), go_on_(waits) {}
    void operator()(Results... each) {
      into_->emplace(std::move(each)...);
      go_on_();
    }
    static allocator_type get_allocator() noexcept { return {}; }

   private:
    results* into_;
    resumption go_on_;
  };

  Initiation initiation_;
  Arguments arguments_;
  results results_;
};

}  // namespace regpass::async

template <class... Results>
class boost::asio::async_result<regpass::async::use_task_t, void(Results...)> {
 public:
  template <class Initiation, class... Arguments>
  static auto initiate(Initiation how, regpass::async::use_task_t, Arguments&&... arguments) {
    return regpass::async::operation<Initiation, std::tuple<std::decay_t<Arguments>...>, std::decay_t<Results>...>(
        std::move(how), std::forward<Arguments>(arguments)...);
  }
};
