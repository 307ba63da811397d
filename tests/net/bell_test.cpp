#include "regpass/net/bell.hpp"

#include "regpass/net/task_group.hpp"
#include "support/run_task.hpp"

#include <boost/asio/this_coro.hpp>
#include <catch2/catch.hpp>

#include <memory>
#include <string>

namespace regpass::net {
namespace {

using testing::let_others_run;
using testing::run_task;

task<void> wait_twice(bell& to, std::string& story) {
  co_await to.wait();
  story += "first,";
  co_await to.wait();
  story += "second,";
}

TEST_CASE("Who waits for a bell goes on once it rings, in a turn of its own") {
  run_task([]() -> task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    bell one(on);
    std::string story;
    task_group group(on);
    one.ring();  // nobody waits: lost
    group.spawn(wait_twice(one, story), "waiting");
    co_await let_others_run();
    CHECK(story.empty());
    one.ring();
    one.ring();  // nobody waits yet
    story += "rung,";
    co_await let_others_run();
    CHECK(story == "rung,first,");
    one.ring();
    co_await group.join();
    CHECK(story == "rung,first,second,");
  });
}

TEST_CASE("Who waits for a bell that goes is let go with the event loop, not resumed") {
  std::string story;
  {
    boost::asio::io_context loop;
    bell one(loop.get_executor());
    spawn(loop.get_executor(), wait_twice(one, story), "waiting");
    loop.run_for(std::chrono::milliseconds(1));
  }
  CHECK(story.empty());
}

task<void> keep_and_wait(std::shared_ptr<bell> one) {
  co_await one->wait();
}

TEST_CASE("Who waits for a bell and keeps it is let go with the event loop all the same") {
  std::weak_ptr<bell> seen;
  {
    boost::asio::io_context loop;
    auto one = std::make_shared<bell>(loop.get_executor());
    seen = one;
    spawn(loop.get_executor(), keep_and_wait(std::move(one)), "waiting");
    loop.run_for(std::chrono::milliseconds(1));
    CHECK_FALSE(seen.expired());
  }
  CHECK(seen.expired());
}

}  // namespace
}  // namespace regpass::net
