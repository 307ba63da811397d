// Idle TLS connections: what waits in them must be seen, what does not must not hold memory.
#include "tls_ends.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace regpass::net {
namespace {

using namespace testing;

async::task<void> wait_and_count(stream& at, int& ready) {
  auto outcome = co_await at.wait_readable();
  ready += outcome.has_value() ? 1 : 0;
}

TEST_CASE("Waiting on TLS ends at the next record or at the end of the stream") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    memory_pair wires(on);
    tls_ends ends(wires);
    co_await ends.shake();
    int ready = 0;
    async::task_group waiters(on);
    waiters.spawn(wait_and_count(ends.server, ready), "waiter");
    co_await let_others_run();
    CHECK(ready == 0);
    CHECK_FALSE(ends.server.stale());
    co_await write_one(ends.client, "next request");
    co_await waiters.join();
    CHECK(ready == 1);
    CHECK(ends.server.stale());
    const auto got = co_await read_up_to(ends.server, 100);
    CHECK(got == "next request");
    CHECK_FALSE(ends.server.stale());
    ends.client.close();
    co_await ends.server.wait_readable();
    CHECK(ends.server.stale());
  });
}

TEST_CASE("The rest of a partly read record is readable, and stale, without further bytes (T16)") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    memory_pair wires(on);
    tls_ends ends(wires);
    co_await ends.shake();
    co_await write_one(ends.client, "one record with more than was asked for");
    auto got = co_await read_up_to(ends.server, 10);
    CHECK(got == "one record");
    CHECK(ends.server.stale());
    int ready = 0;
    async::task_group waiters(on);
    waiters.spawn(wait_and_count(ends.server, ready), "waiter");
    co_await let_others_run();
    CHECK(ready == 1);
    got = co_await read_up_to(ends.server, 100);
    CHECK(got == " with more than was asked for");
    CHECK_FALSE(ends.server.stale());
    ends.client.close();
    co_await waiters.join();
  });
}

TEST_CASE("Records that were received but not read are readable, and stale") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    memory_pair wires(on);
    tls_ends ends(wires);
    co_await ends.shake();
    co_await write_one(ends.client, "first");
    co_await write_one(ends.client, "second");
    auto got = co_await read_up_to(ends.server, 5);  // both records came with one read below
    CHECK(got == "first");
    CHECK(ends.server.stale());
    int ready = 0;
    async::task_group waiters(on);
    waiters.spawn(wait_and_count(ends.server, ready), "waiter");
    co_await let_others_run();
    CHECK(ready == 1);
    got = co_await read_up_to(ends.server, 100);
    CHECK(got == "second");
    ends.client.close();
    co_await waiters.join();
  });
}

TEST_CASE("A connection works as before after it was idle") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    memory_pair wires(on);
    tls_ends ends(wires);
    co_await ends.shake();
    for (int round = 0; round < 3; ++round) {
      int ready = 0;
      async::task_group waiters(on);
      waiters.spawn(wait_and_count(ends.server, ready), "waiter");
      co_await let_others_run();
      co_await write_one(ends.client, "question");
      co_await waiters.join();
      const auto question = co_await read_up_to(ends.server, 100);
      CHECK(question == "question");
      co_await write_one(ends.server, "answer");
      const auto answer = co_await read_up_to(ends.client, 100);
      CHECK(answer == "answer");
    }
  });
}

}  // namespace
}  // namespace regpass::net
