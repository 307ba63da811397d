// An event that one coroutine waits for and another notifies: cheaper than a timer that never expires.
#pragma once

#include "regpass/async/task.hpp"

#include <boost/asio/execution/context.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/query.hpp>
#include <boost/intrusive/list.hpp>

#include <coroutine>
#include <utility>

namespace regpass::async {

// One executor, one thread, at most one waiter. A notification without a waiter is lost, so the waiter checks its
// condition before it waits and again afterwards.
class async_event
    : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
 public:
  explicit async_event(executor on)
      : on_(std::move(on)),
        all_(boost::asio::use_service<all>(boost::asio::query(on_, boost::asio::execution::context))) {}
  async_event(const async_event&) = delete;
  async_event& operator=(const async_event&) = delete;

  struct waiter {
    static bool await_ready() noexcept { return false; }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> caller) noexcept {
      to.waiting_ = resumption(caller.promise());
      if (!to.is_linked()) to.all_.waited_for.push_back(to);
    }
    static void await_resume() noexcept {}
    async_event& to;
  };
  waiter wait() noexcept { return waiter{*this}; }

  // Resumes the waiter in a turn of its own.
  void notify() {
    if (!waiting_) return;
    unlink();
    boost::asio::post(on_, std::move(waiting_));
  }

 private:
  // When the event loop ends, waiters are destroyed with it, as those of timers and sockets are. A waiter often keeps
  // its async_event alive, so nothing else could destroy it.
  struct all : boost::asio::execution_context::service {
    static inline boost::asio::execution_context::id id;
    explicit all(boost::asio::execution_context& of) : service(of) {}
    void shutdown() override {
      while (!waited_for.empty()) {
        async_event& one = waited_for.front();
        one.unlink();
        const auto gone = std::move(one.waiting_);  // may destroy the event too
      }
    }
    boost::intrusive::list<async_event, boost::intrusive::constant_time_size<false>> waited_for;
  };

  executor on_;
  all& all_;
  resumption waiting_;
};

}  // namespace regpass::async
