// What one coroutine waits for and another says: cheaper than a timer that never runs out.
#pragma once

#include "regpass/net/task.hpp"

#include <boost/asio/async_result.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/post.hpp>

#include <functional>
#include <utility>

namespace regpass::net {

// One executor, one thread, at most one who waits. A ring that nobody waits for is lost: whoever waits looks first
// whether what it waits for is there already, and looks again afterwards.
class bell {
 public:
  explicit bell(executor on) : on_(std::move(on)) {}

  // To be awaited at once.
  auto wait() {
    return boost::asio::async_initiate<const boost::asio::deferred_t&, void()>(
        [this](auto resume) { waiting_ = std::move(resume); }, boost::asio::deferred);
  }

  // Who waits goes on in a turn of its own.
  void ring() {
    if (waiting_) boost::asio::post(on_, std::exchange(waiting_, nullptr));
  }

 private:
  executor on_;
  std::move_only_function<void()> waiting_;
};

}  // namespace regpass::net
