// Clients that lie, stall, flood or leave: what the server role makes of them.
#include "regpass/transport/h1_connection.hpp"
#include "rigs.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <string>

namespace regpass::transport {
namespace {

using namespace std::chrono_literals;
using namespace testing;

limits short_limits() {
  limits made;
  made.head_within = 30ms;
  made.idle_for = 60ms;
  return made;
}

std::string put_with(const std::string& fields) {
  return "PUT /x HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n";
}

TEST_CASE("Ambiguous requests are refused, and nothing after them is read as a request (T17)") {
  const std::string hostile = GENERATE_COPY(
      put_with("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"),
      put_with("Content-Length: 5\r\nContent-Length: 6\r\n"), put_with("Content-Length: 5, 5\r\n"),
      put_with("Content-Length: +5\r\n"), put_with("Content-Length: \r\n"), put_with("Content-Length: 0x5\r\n"),
      put_with("Transfer-Encoding: chunked, identity\r\n"), put_with("Transfer-Encoding: xchunked\r\n"),
      put_with("Transfer-Encoding : chunked\r\n"),
      put_with("Transfer-Encoding:\x0b"
               "chunked\r\n"),
      put_with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
      put_with("X: a\r\n Transfer-Encoding: chunked\r\n"), put_with("X: a\nTransfer-Encoding: chunked\r\n"),
      put_with("X: a\rTransfer-Encoding: chunked\r\n"), put_with(": empty\r\n"), put_with("Host: other\r\n"),
      "GET /x HTTP/1.1\r\n\r\n", "GET /x HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "GET  /x HTTP/1.1\r\nHost: h\r\n\r\n", "GET /x HTTP/2.0\r\nHost: h\r\n\r\n", "\x16\x03\x01\x02\r\n\r\n");
  INFO(hostile);
  run_task([&]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    server_rig rig(on);
    rig.say(hostile);
    auto got = co_await rig.server.next();
    REQUIRE_FALSE(got);
    CHECK(got.error().code == errc::bad_message);
    CHECK(got.error().who == party::client);
    CHECK(got.error().when == phase::head);
    auto drained = co_await rig.server.drain();
    CHECK_FALSE(drained);
    co_await answer(rig.server, response(400), "no");
    CHECK_THAT(rig.said(), Catch::Contains("Connection: close\r\n"));
    CHECK_FALSE(rig.server.reusable());
  });
}

TEST_CASE("Ambiguous chunks end the body with an error (T17)") {
  const std::string chunks =
      GENERATE("5;x\nhello\r\n0\r\n\r\n", "5\nhello\r\n0\r\n\r\n", "+5\r\nhello\r\n0\r\n\r\n",
               "0x5\r\nhello\r\n0\r\n\r\n", "5 \r\nhelloGET\r\n", "FFFFFFFFFFFFFFFFF\r\nhello",
               "10000000000000005\r\nhello", "5\r\nhelloX\r\n0\r\n\r\n", "-1\r\nhello", "\r\n5\r\nhello");
  INFO(chunks);
  run_task([&]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    server_rig rig(on);
    rig.say("PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks);
    rig.wires.there->end();
    auto got = co_await rig.server.next();
    REQUIRE(got);
    auto body = co_await read_all(rig.server);
    REQUIRE_FALSE(body);
    CHECK(body.error().code == errc::bad_message);
    CHECK(body.error().who == party::client);
    CHECK(body.error().when == phase::body);
    co_await answer(rig.server, response(400), "no");
    CHECK_FALSE(rig.server.reusable());
  });
}

TEST_CASE("The answer to an invalid request does not depend on the previous request") {
  const std::string before =
      GENERATE("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n", "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  run_task([&]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    server_rig rig(on);
    rig.say(before);
    co_await rig.server.next();
    co_await rig.server.drain();
    co_await rig.server.respond(response(200), no_body());
    co_await rig.server.finish(http::fields());
    CHECK(rig.server.reusable());
    rig.said();
    rig.say("nonsense\r\n\r\n");
    auto got = co_await rig.server.next();
    REQUIRE_FALSE(got);
    CHECK(rig.server.version() == "1.1");
    CHECK_FALSE(rig.server.body().has_body());
    co_await answer(rig.server, response(400), "why");
    CHECK_THAT(rig.said(), Catch::Contains("Content-Length: 3\r\n") && Catch::EndsWith("why"));
  });
}

TEST_CASE("A head beyond a bound is too large, and no more than the bound of it is read") {
  struct row {
    std::size_t fields;
    std::size_t target;
    std::size_t size;
  };
  const auto one = GENERATE(values<row>({{101, 10, 10}, {1, 9'000, 10}, {1, 10, 70'000}, {90, 10, 1'000}}));
  INFO(one.fields << " fields of " << one.size << ", target of " << one.target);
  run_task([&]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    server_rig rig(on);
    std::string head = "GET /" + std::string(one.target, 'a') + " HTTP/1.1\r\nHost: h\r\n";
    for (std::size_t i = 0; i < one.fields; ++i) head += "X: " + std::string(one.size, 'b') + "\r\n";
    rig.say(head + "\r\n");
    auto got = co_await rig.server.next();
    REQUIRE_FALSE(got);
    CHECK(got.error().code == errc::too_large);
    CHECK(got.error().who == party::client);
    CHECK(rig.wires.there->taken() <= 66 * 1024);
    CHECK_FALSE(rig.server.reusable());
  });
}

TEST_CASE("A head of exactly the bound is accepted") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    server_rig rig(on);
    std::string head = "GET / HTTP/1.1\r\nHost: h\r\nX: ";
    head += std::string(64 * 1024 - head.size() - 4, 'x') + "\r\n\r\n";
    rig.say(head + "GET /next HTTP/1.1\r\nHost: h\r\n\r\n");
    auto got = co_await rig.server.next();
    REQUIRE(got);
    co_await rig.server.drain();
    co_await answer(rig.server, response(200), "");
    got = co_await rig.server.next();
    REQUIRE(got);
    CHECK(rig.server.head().target == "/next");
  });
}

TEST_CASE("Trailers beyond the bound are too large") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    server_rig rig(on);
    rig.say("PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: " + std::string(200'000, 'x'));
    co_await rig.server.next();
    auto body = co_await read_all(rig.server);
    REQUIRE_FALSE(body);
    CHECK(body.error().code == errc::too_large);
    CHECK(body.error().who == party::client);
    CHECK(rig.wires.there->taken() < 140'000);
  });
}

TEST_CASE("A head that is not complete in time is timed out, even if bytes keep arriving (T22)",
          "[limits.head_timeout]") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    server_rig rig(on, short_limits());
    bool trickling = true;
    const auto trickle = [&]() -> async::task<void> {
      rig.say("GET / HTTP/1.1\r\nHost: h\r\nX: ");
      while (trickling) {
        rig.say("x");
        co_await pause(2ms);
      }
    };
    async::task_group clients(on);
    clients.spawn(trickle(), "client");
    auto got = co_await rig.server.next();
    trickling = false;
    co_await clients.join();
    REQUIRE_FALSE(got);
    CHECK(got.error().code == errc::timed_out);
    CHECK(got.error().when == phase::head);
    CHECK(got.error().who == party::client);
    CHECK(rig.wires.far->closed());
  });
}

TEST_CASE("A silent client is closed after a while, and not reported as timed out") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    server_rig rig(on, short_limits());
    auto got = co_await rig.server.next();
    REQUIRE_FALSE(got);
    CHECK(got.error().code == errc::closed);
    CHECK(rig.timer.expired() == phase::idle);
  });
}

TEST_CASE("The time for a head starts with its first byte and ends with its last") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    auto bounds = short_limits();
    bounds.idle_for = 10s;
    server_rig rig(on, bounds);
    const auto late = [&]() -> async::task<void> {
      co_await pause(60ms);
      rig.say("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    };
    async::task_group clients(on);
    clients.spawn(late(), "client");
    auto got = co_await rig.server.next();
    CHECK(got);
    co_await clients.join();
    co_await pause(60ms);
    CHECK_FALSE(rig.timer.expired());
  });
}

TEST_CASE("A body that stalls is timed out in its phase (T22)", "[limits.idle_timeout]") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    server_rig rig(on, short_limits());
    rig.say("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhello");
    auto got = co_await rig.server.next();
    REQUIRE(got);
    auto body = co_await read_all(rig.server);
    REQUIRE_FALSE(body);
    CHECK(body.error().code == errc::timed_out);
    CHECK(body.error().when == phase::body);
    CHECK(body.error().who == party::client);
  });
}

TEST_CASE("A head or body that the client breaks off is truncated, and has started") {
  const std::string cut =
      GENERATE("G", "GET / HTTP/1.1\r\nHost: h\r\n", "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nhello",
               "PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
  INFO(cut);
  run_task([&]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    server_rig rig(on);
    rig.say(cut);
    rig.wires.there->end();
    auto got = co_await rig.server.next();
    auto problem = got ? error() : got.error();
    if (got) {
      auto body = co_await read_all(rig.server);
      REQUIRE_FALSE(body);
      problem = body.error();
    }
    CHECK(problem.code == errc::truncated);
    CHECK(problem.who == party::client);
    CHECK_FALSE(rig.server.reusable());
  });
}

}  // namespace
}  // namespace regpass::transport
