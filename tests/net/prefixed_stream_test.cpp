#include "net/prefixed_stream.hpp"

#include "support/memory_stream.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <string>

namespace regpass::net {
namespace {

using testing::let_others_run;
using testing::memory_pair;
using testing::run_task;

async::task<std::string> read_up_to(stream& from, std::size_t most) {
  std::string into(most, '\0');
  auto got = co_await from.read_some(into);
  REQUIRE(got);
  into.resize(*got);
  co_return into;
}

TEST_CASE("The prefix is read first, in pieces of any size, then the stream below") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    memory_pair wires(on);
    wires.back->put("tail");
    const auto whole = make_prefixed_stream("prefix", std::move(wires.near));
    const auto first = co_await read_up_to(*whole, 4);
    const auto second = co_await read_up_to(*whole, 100);
    const auto third = co_await read_up_to(*whole, 100);
    CHECK(first == "pref");
    CHECK(second == "ix");
    CHECK(third == "tail");
    wires.back->end();
    const auto end = co_await read_up_to(*whole, 100);
    CHECK(end.empty());
  });
}

TEST_CASE("With an empty prefix the stream is returned unchanged") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    memory_pair wires(on);
    const auto* below = wires.near.get();
    const auto same = make_prefixed_stream("", std::move(wires.near));
    CHECK(same.get() == below);
  });
}

TEST_CASE("A stream with an unread prefix is readable and stale, even if the stream below has no input") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    memory_pair wires(on);
    const auto whole = make_prefixed_stream("x", std::move(wires.near));
    CHECK(whole->stale());
    auto ready = co_await whole->wait_readable();
    CHECK(ready);
    co_await read_up_to(*whole, 1);
    CHECK_FALSE(whole->stale());
    wires.back->put("more");
    CHECK(whole->stale());
    ready = co_await whole->wait_readable();
    CHECK(ready);
  });
}

TEST_CASE("After the prefix, waiting is passed to the stream below") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    memory_pair wires(on);
    const auto whole = make_prefixed_stream("x", std::move(wires.near));
    co_await read_up_to(*whole, 1);
    bool ready = false;
    const auto wait = [&]() -> async::task<void> {
      auto outcome = co_await whole->wait_readable();
      ready = outcome.has_value();
    };
    spawn(on, wait(), "waiter");
    co_await let_others_run();
    CHECK_FALSE(ready);
    wires.back->put("y");
    co_await let_others_run();
    CHECK(ready);
  });
}

TEST_CASE("Writes, half-close and close are passed to the stream below") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    memory_pair wires(on);
    const auto whole = make_prefixed_stream("x", std::move(wires.near));
    const std::array<std::string_view, 2> parts{"one ", "two"};
    auto written = co_await whole->write_all(parts);
    CHECK(written);
    CHECK(wires.there->take() == "one two");
    CHECK(wires.there->writes() == 1);
    auto shut = co_await whole->shut_write();
    CHECK(shut);
    CHECK(wires.there->ended());
    whole->close();
    std::string into(10, '\0');
    co_await read_up_to(*whole, 1);  // what was read too far is ours, whatever becomes of the peer
    auto got = co_await whole->read_some(into);
    CHECK_FALSE(got);
  });
}

}  // namespace
}  // namespace regpass::net
