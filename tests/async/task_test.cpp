// The coroutine type: who runs when, what comes back, and who lets go of whom.
#include "regpass/async/task.hpp"

#include "regpass/async/worker.hpp"
#include "support/run_task.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <catch2/catch.hpp>

#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

namespace regpass::net {
namespace {

using testing::pause;
using testing::run_task;

async::task<std::string> greeting(std::string name) {
  co_return "hello " + name;
}

async::task<int> throwing() {
  throw std::runtime_error("broken");
  co_return 1;
}

async::task<void> after_a_pause(std::string& story, std::string word) {
  co_await pause(std::chrono::milliseconds(1));
  story += word;
}

TEST_CASE("A task begins when it is awaited, and what it returns comes back") {
  run_task([]() -> async::task<void> {
    std::string story;
    auto later = after_a_pause(story, "worked");
    CHECK(story.empty());
    co_await std::move(later);
    CHECK(story == "worked");
    const auto text = co_await greeting("you");
    CHECK(text == "hello you");
  });
}

TEST_CASE("What a task throws comes out where it is awaited") {
  run_task([]() -> async::task<void> {
    bool caught = false;
    try {
      co_await throwing();
    } catch (const std::runtime_error& bug) {
      caught = std::string(bug.what()) == "broken";
    }
    CHECK(caught);
  });
}

async::task<int> one_more(int than) {
  co_return than + 1;
}

TEST_CASE("Tasks that are done at once do not pile up on the stack") {
  run_task([]() -> async::task<void> {
    constexpr int many = 1'000'000;
    int count = 0;
    while (count < many) count = co_await one_more(count);
    CHECK(count == many);
  });
}

// Each level waits for the one below, which has really waited.
async::task<int> nested(int depth) {
  if (depth == 0) {
    co_await pause(std::chrono::milliseconds(1));
    co_return 0;
  }
  const auto below = co_await nested(depth - 1);
  co_return below + 1;
}

TEST_CASE("A chain of tasks comes back through all of them") {
  run_task([]() -> async::task<void> {
    const auto depth = co_await nested(200);
    CHECK(depth == 200);
  });
}

// Each thread ends before the loop of the other does, as the workers of the program do: who posts may still be about to
// wake a loop that has done all its work.
struct two_workers {
  two_workers() {
    mine.start();
    other.start();
  }
  ~two_workers() {
    mine.stop();
    other.stop();
  }
  two_workers(const two_workers&) = delete;
  two_workers& operator=(const two_workers&) = delete;
  template <class T>
  T run(async::task<T> work) {
    return start(mine.get_executor(), std::move(work)).get();
  }
  async::worker mine;
  async::worker other;
};

async::task<std::thread::id> look() {
  co_await pause(std::chrono::milliseconds(1));
  co_return std::this_thread::get_id();
}

struct seen_threads {
  std::thread::id before, there, after, not_far;
};

async::task<seen_threads> go_and_look(async::executor there) {
  seen_threads seen;
  seen.before = std::this_thread::get_id();
  seen.there = co_await run_on(there, look());
  seen.after = std::this_thread::get_id();
  const auto on = co_await boost::asio::this_coro::executor;
  seen.not_far = co_await run_on(on, look());
  co_return seen;
}

TEST_CASE("Work elsewhere is done on that thread, and whoever awaits it goes on on its own") {
  two_workers both;
  const auto seen = both.run(go_and_look(both.other.get_executor()));
  CHECK(seen.there != seen.before);
  CHECK(seen.after == seen.before);
  CHECK(seen.not_far == seen.before);
}

async::task<bool> throws_there(async::executor there) {
  try {
    co_await run_on(there, throwing());
  } catch (const std::runtime_error&) {
    co_return true;
  }
  co_return false;
}

TEST_CASE("What work elsewhere throws comes out where it is awaited") {
  two_workers both;
  CHECK(both.run(throws_there(both.other.get_executor())));
}

async::task<void> hold_for_long(std::shared_ptr<int> held) {
  const auto on = co_await boost::asio::this_coro::executor;
  boost::asio::steady_timer timer(on, std::chrono::hours(1));
  co_await timer.async_wait(async::use_task);
  *held = 1;
}

async::task<void> wait_for(async::task<void> work) {
  co_await std::move(work);
}

TEST_CASE("Who waits when the event loop ends is let go, with all who wait for it, and not resumed") {
  auto held = std::make_shared<int>(0);
  {
    boost::asio::io_context loop;
    spawn(loop.get_executor(), wait_for(hold_for_long(held)), "waiting");
    loop.run_for(std::chrono::milliseconds(1));
    CHECK(held.use_count() > 1);
  }
  CHECK(held.use_count() == 1);
  CHECK(*held == 0);
}

TEST_CASE("A task that nobody awaits goes with what it was given") {
  auto held = std::make_shared<int>(0);
  {
    const auto never = hold_for_long(held);
    CHECK(held.use_count() == 2);
  }
  CHECK(held.use_count() == 1);
}

TEST_CASE("A thread without an event loop gets the value of a task, or what it threw") {
  async::worker other;
  other.start();
  CHECK(start(other.get_executor(), greeting("you")).get() == "hello you");
  CHECK_THROWS_AS(start(other.get_executor(), throwing()).get(), std::runtime_error);
}

}  // namespace
}  // namespace regpass::net
