#include "regpass/async/task_group.hpp"

#include "regpass/base/log.hpp"
#include "support/run_task.hpp"
#include "support/temporary_directory.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <stdexcept>
#include <string>

namespace regpass::net {
namespace {

using namespace std::chrono_literals;
using testing::content_of;
using testing::pause;
using testing::run_task;
using testing::temporary_directory;

async::task<void> rest_then_count(std::chrono::milliseconds length, int& ended) {
  co_await pause(length);
  ++ended;
}

async::task<void> throw_after_a_while() {
  co_await pause(1ms);
  throw std::runtime_error("broken promise");
}

// What the log got while `work` ran.
std::string logged_during(async::task<void> work) {
  const temporary_directory dir;
  const auto started = log::start({.file = dir / "log"});
  REQUIRE(started);
  run_task(std::move(work));
  log::stop();
  return content_of(dir / "log");
}

TEST_CASE("A group without children is joined at once") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    async::task_group group(on);
    co_await group.join();
    CHECK(group.running() == 0);
  });
}

TEST_CASE("Joining waits for every child, whichever ends first") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    async::task_group group(on);
    int ended = 0;
    group.spawn(rest_then_count(20ms, ended), "slow");
    group.spawn(rest_then_count(1ms, ended), "fast");
    group.spawn(rest_then_count(10ms, ended), "middling");
    CHECK(group.running() == 3);
    co_await group.join();
    CHECK(ended == 3);
    CHECK(group.running() == 0);
  });
}

TEST_CASE("A group can be used again after it was joined") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    async::task_group group(on);
    int ended = 0;
    for (int round = 1; round <= 3; ++round) {
      group.spawn(rest_then_count(1ms, ended), "child");
      co_await group.join();
      CHECK(ended == round);
    }
  });
}

TEST_CASE("A child may add children; joining waits for them, too") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    async::task_group group(on);
    int ended = 0;
    const auto parent = [&]() -> async::task<void> {
      co_await pause(1ms);
      group.spawn(rest_then_count(10ms, ended), "grandchild");
      ++ended;
    };
    group.spawn(parent(), "parent");
    co_await group.join();
    CHECK(ended == 2);
  });
}

TEST_CASE("A child that throws counts as ended, and the log says which and why") {
  const auto work = []() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    async::task_group group(on);
    int ended = 0;
    group.spawn(throw_after_a_while(), "careless child");
    group.spawn(rest_then_count(5ms, ended), "other child");
    co_await group.join();
    CHECK(ended == 1);
    CHECK(group.running() == 0);
  };
  const auto logged = logged_during(work());
  CHECK_THAT(logged, Catch::Contains("\"bug\"") && Catch::Contains("careless child"));
  CHECK_THAT(logged, Catch::Contains("broken promise"));
}

TEST_CASE("A spawned coroutine that throws ends alone, and the log says which and why") {
  const auto work = []() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    spawn(on, throw_after_a_while(), "loner");
    co_await pause(20ms);
  };
  const auto logged = logged_during(work());
  CHECK_THAT(logged, Catch::Contains("\"bug\"") && Catch::Contains("loner") && Catch::Contains("broken promise"));
}

}  // namespace
}  // namespace regpass::net
