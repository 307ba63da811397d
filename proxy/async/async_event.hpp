// What one coroutine waits for and another says: cheaper than a timer that never runs out.
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

// One executor, one thread, at most one who waits. A ring that nobody waits for is lost: whoever waits looks first
// whether what it waits for is there already, and looks again afterwards.
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

  // Who waits goes on in a turn of its own.
  void notify() {
    if (!waiting_) return;
    unlink();
    boost::asio::post(on_, std::move(waiting_));
  }

 private:
  // Who waits when the event loop ends goes with it, as those do who wait for timers and sockets. What it keeps alive
  // often keeps the async_event, so nobody else could let go of it.
  struct all : boost::asio::execution_context::service {
    static inline boost::asio::execution_context::id id;
    explicit all(boost::asio::execution_context& of) : service(of) {}
    void shutdown() override {
      while (!waited_for.empty()) {
        async_event& one = waited_for.front();
        one.unlink();
        const auto gone = std::move(one.waiting_);  // and the async_event, maybe
      }
    }
    boost::intrusive::list<async_event, boost::intrusive::constant_time_size<false>> waited_for;
  };

  executor on_;
  all& all_;
  resumption waiting_;
};

}  // namespace regpass::async
