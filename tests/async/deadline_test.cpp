#include "regpass/async/deadline.hpp"

#include "support/run_task.hpp"

#include <boost/asio/this_coro.hpp>
#include <catch2/catch.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>

namespace regpass::net {
namespace {

using namespace std::chrono_literals;
using testing::pause;
using testing::run_task;
using testing::wait_until;
using clock = std::chrono::steady_clock;

error some_problem() {
  return error{.code = errc::reset, .who = party::registry, .when = phase::body, .detail = "connection reset"};
}

// A deadline that notes when it expired, and how often.
struct watched {
  explicit watched(const async::executor& on)
      : timer(on, [this] {
          ++expiries;
          expired_at = clock::now();
        }) {}
  async::task<std::chrono::milliseconds> expiry_since(clock::time_point began) {
    const auto happened = [this] { return expiries > 0; };
    co_await wait_until(happened, 5s);
    co_return std::chrono::duration_cast<std::chrono::milliseconds>(expired_at - began);
  }

  int expiries = 0;
  clock::time_point expired_at{};
  async::deadline timer;
};

TEST_CASE("A deadline expires once, after its time, and says which phase ran out") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    watched one(on);
    const auto began = clock::now();
    one.timer.set(phase::tls, 20ms);
    CHECK_FALSE(one.timer.expired());
    const auto took = co_await one.expiry_since(began);
    CHECK(took >= 20ms);
    CHECK(one.timer.expired() == phase::tls);
    co_await pause(40ms);
    CHECK(one.expiries == 1);
  });
}

TEST_CASE("A deadline that was never set does not expire") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    watched one(on);
    co_await pause(20ms);
    CHECK(one.expiries == 0);
    CHECK_FALSE(one.timer.expired());
  });
}

TEST_CASE("A deadline moved later expires at the later time only") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    watched one(on);
    const auto began = clock::now();
    one.timer.set(phase::head, 10ms);
    one.timer.set(phase::body, 60ms);
    const auto took = co_await one.expiry_since(began);
    CHECK(took >= 60ms);
    CHECK(one.timer.expired() == phase::body);
  });
}

TEST_CASE("A deadline moved earlier expires at the earlier time") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    watched one(on);
    const auto began = clock::now();
    one.timer.set(phase::idle, 1h);
    one.timer.set(phase::head, 10ms);
    const auto took = co_await one.expiry_since(began);
    CHECK(took >= 10ms);
    CHECK(one.timer.expired() == phase::head);
    co_await pause(20ms);
    CHECK(one.expiries == 1);
  });
}

TEST_CASE("A deadline that is moved on again and again does not expire meanwhile") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    watched one(on);
    for (int piece = 0; piece < 40; ++piece) {
      one.timer.set(phase::body, 1s);
      co_await pause(1ms);
    }
    CHECK(one.expiries == 0);
    one.timer.set(phase::body, 5ms);
    const auto took = co_await one.expiry_since(clock::now());
    CHECK(took < 900ms);
  });
}

TEST_CASE("A deadline that is watched looks every so often until it is told to stop, and expires none the later") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    watched one(on);
    int looks = 0;
    one.timer.watch(5ms, [&] { ++looks; });
    const auto twice = [&] { return looks >= 2; };
    const auto came = co_await wait_until(twice);
    CHECK(came);
    CHECK_FALSE(one.timer.expired());
    one.timer.unwatch();
    const auto seen = looks;
    const auto began = clock::now();
    one.timer.set(phase::head, 30ms);
    const auto took = co_await one.expiry_since(began);
    CHECK(took >= 30ms);
    CHECK(looks == seen);
  });
}

TEST_CASE("Who is called to look may stop the looking") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    watched one(on);
    int looks = 0;
    one.timer.watch(5ms, [&] {
      ++looks;
      one.timer.unwatch();
    });
    co_await pause(40ms);
    CHECK(looks == 1);
  });
}

TEST_CASE("A cleared deadline does not expire, and can be set again") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    watched one(on);
    one.timer.set(phase::head, 5ms);
    one.timer.clear();
    co_await pause(30ms);
    CHECK(one.expiries == 0);
    one.timer.set(phase::body, 5ms);
    co_await one.expiry_since(clock::now());
    CHECK(one.timer.expired() == phase::body);
  });
}

TEST_CASE("A deadline cleared and set again while its timer still runs keeps the new time") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    watched one(on);
    const auto began = clock::now();
    one.timer.set(phase::head, 10ms);
    one.timer.clear();
    one.timer.set(phase::body, 50ms);
    const auto took = co_await one.expiry_since(began);
    CHECK(took >= 50ms);
    CHECK(one.timer.expired() == phase::body);
  });
}

TEST_CASE("Reader and writer of a connection have a time each: clearing one leaves the other") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    watched one(on);
    one.timer.set(phase::body, 30ms, async::direction::reading);
    one.timer.set(phase::head, 1h, async::direction::writing);
    one.timer.clear(async::direction::writing);
    co_await one.expiry_since(clock::now());
    CHECK(one.timer.expired() == phase::body);
  });
}

TEST_CASE("Of reader and writer, the one whose time ends first is blamed") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    watched one(on);
    one.timer.set(phase::head, 1h, async::direction::reading);
    one.timer.set(phase::body, 10ms, async::direction::writing);
    const auto took = co_await one.expiry_since(clock::now());
    CHECK(took < 1h);
    CHECK(one.timer.expired() == phase::body);
    co_await pause(10ms);
    CHECK(one.expiries == 1);
  });
}

TEST_CASE("A problem is blamed on the deadline only if that has expired") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    watched one(on);
    one.timer.set(phase::head, 5ms);
    const auto before = one.timer.blame(some_problem());
    CHECK(before.code == errc::reset);
    CHECK(before.when == phase::body);
    CHECK(before.detail == "connection reset");

    co_await one.expiry_since(clock::now());
    const auto after = one.timer.blame(some_problem());
    CHECK(after.code == errc::timed_out);
    CHECK(after.when == phase::head);
    CHECK(after.who == party::registry);
    CHECK(after.detail != "connection reset");
  });
}

TEST_CASE("A deadline that is destroyed while it runs does nothing any more") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    int expiries = 0;
    {
      async::deadline short_lived(on, [&] { ++expiries; });
      short_lived.set(phase::head, 5ms);
    }
    co_await pause(20ms);
    CHECK(expiries == 0);
  });
}

TEST_CASE("A deadline that is destroyed when its timer's handler is already queued does nothing any more") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    int expiries = 0;
    auto late = std::make_optional<async::deadline>(on, [&] { ++expiries; });
    late->set(phase::head, 1ms);
    const auto until = clock::now() + 10ms;  // busy: the loop cannot run the handler
    while (clock::now() < until) {
    }
    late.reset();
    co_await pause(10ms);
    CHECK(expiries == 0);
  });
}

TEST_CASE("A deadline's action may destroy the deadline") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    std::unique_ptr<async::deadline> one;
    bool ran = false;
    one = std::make_unique<async::deadline>(on, [&] {
      ran = true;
      one.reset();
    });
    one->set(phase::head, 1ms);
    const auto happened = [&] { return ran; };
    const auto done = co_await wait_until(happened);
    CHECK(done);
    CHECK(one == nullptr);
  });
}

}  // namespace
}  // namespace regpass::net
