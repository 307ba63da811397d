#include "async/async_event.hpp"

#include "regpass/async/task_group.hpp"
#include "support/run_task.hpp"

#include <boost/asio/this_coro.hpp>
#include <catch2/catch.hpp>

#include <memory>
#include <string>

namespace regpass::net {
namespace {

using testing::let_others_run;
using testing::run_task;

async::task<void> wait_twice(async::async_event& to, std::string& story) {
  co_await to.wait();
  story += "first,";
  co_await to.wait();
  story += "second,";
}

TEST_CASE("Who waits for a async_event goes on once it rings, in a turn of its own") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    async::async_event one(on);
    std::string story;
    async::task_group group(on);
    one.notify();  // nobody waits: lost
    group.spawn(wait_twice(one, story), "waiting");
    co_await let_others_run();
    CHECK(story.empty());
    one.notify();
    one.notify();  // nobody waits yet
    story += "rung,";
    co_await let_others_run();
    CHECK(story == "rung,first,");
    one.notify();
    co_await group.join();
    CHECK(story == "rung,first,second,");
  });
}

TEST_CASE("Who waits for a async_event that goes is let go with the event loop, not resumed") {
  std::string story;
  {
    boost::asio::io_context loop;
    async::async_event one(loop.get_executor());
    spawn(loop.get_executor(), wait_twice(one, story), "waiting");
    loop.run_for(std::chrono::milliseconds(1));
  }
  CHECK(story.empty());
}

async::task<void> keep_and_wait(std::shared_ptr<async::async_event> one) {
  co_await one->wait();
}

TEST_CASE("Who waits for a async_event and keeps it is let go with the event loop all the same") {
  std::weak_ptr<async::async_event> seen;
  {
    boost::asio::io_context loop;
    auto one = std::make_shared<async::async_event>(loop.get_executor());
    seen = one;
    spawn(loop.get_executor(), keep_and_wait(std::move(one)), "waiting");
    loop.run_for(std::chrono::milliseconds(1));
    CHECK_FALSE(seen.expired());
  }
  CHECK(seen.expired());
}

}  // namespace
}  // namespace regpass::net
