// Expect: 100-continue (RFC 9110 section 10.1.1), and answers that come before the body.
#include "regpass/transport/h1_connection.hpp"
#include "rigs.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace regpass::transport {
namespace {

using namespace testing;

const std::string expecting =
    "PUT / HTTP/1.1\r\nHost: registry.test\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n";
const std::string invitation = "HTTP/1.1 100 Continue\r\n\r\n";

TEST_CASE("A client that expects 100 gets it once, when its body is first read") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    server_rig rig(on);
    rig.say(expecting);
    auto got = co_await rig.server.next();
    REQUIRE(got);
    CHECK(rig.said().empty());
    rig.wires.there->cut({1, 1}, unbounded);
    rig.say("hello");
    auto body = co_await read_all(rig.server);
    CHECK(body == "hello");
    CHECK(rig.said() == invitation);
    co_await answer(rig.server, response(200), "");
    CHECK_THAT(rig.said(), Catch::StartsWith("HTTP/1.1 200 OK"));
    CHECK(rig.server.reusable());
  });
}

TEST_CASE("A final answer without reading the body announces the close, and closes") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    server_rig rig(on);
    rig.say(expecting);
    co_await rig.server.next();
    co_await answer(rig.server, response(403), "no");
    CHECK(rig.said() == "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno");
    auto drained = co_await rig.server.drain();  // does not wait for a body that will not come
    CHECK(drained);
    CHECK_FALSE(rig.server.reusable());
  });
}

TEST_CASE("No 100 is sent without an expectation, without a body, or to HTTP/1.0") {
  const std::string asked = GENERATE("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello",
                                     "GET / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n\r\n",
                                     "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\nExpect: 100-continue\r\n\r\n",
                                     "PUT / HTTP/1.0\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nhello");
  INFO(asked);
  run_task([&]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    server_rig rig(on);
    rig.say(asked);
    auto got = co_await rig.server.next();
    REQUIRE(got);
    auto body = co_await read_all(rig.server);
    CHECK(body);
    CHECK(rig.said().empty());
  });
}

TEST_CASE("Any other expectation is unsupported, and the connection is closed") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    server_rig rig(on);
    rig.say("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: tea\r\n\r\nhello");
    auto got = co_await rig.server.next();
    REQUIRE_FALSE(got);
    CHECK(got.error().code == errc::unsupported);
    co_await answer(rig.server, response(417), "");
    CHECK_THAT(rig.said(), Catch::Contains("Connection: close\r\n"));
    CHECK_FALSE(rig.server.reusable());
  });
}

TEST_CASE("An answer may be sent while the body is still arriving, which is then read and discarded") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    server_rig rig(on);
    rig.say("PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
    co_await rig.server.next();
    auto piece = co_await rig.server.read();
    CHECK(piece == "hello");
    co_await answer(rig.server, response(413), "too much");
    CHECK_THAT(rig.said(), Catch::StartsWith("HTTP/1.1 413") && Catch::EndsWith("too much"));
    rig.say("6\r\n world\r\n0\r\n\r\nGET /next HTTP/1.1\r\nHost: h\r\n\r\n");
    auto drained = co_await rig.server.drain();
    CHECK(drained);
    CHECK(rig.server.reusable());
    auto got = co_await rig.server.next();
    REQUIRE(got);
    CHECK(rig.server.head().target == "/next");
  });
}

TEST_CASE("A client that disconnects while its body is discarded is distinguished from one that sent all of it") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    server_rig rig(on);
    rig.say("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhello");
    rig.wires.there->end();
    co_await rig.server.next();
    co_await answer(rig.server, response(413), "");
    auto drained = co_await rig.server.drain();
    REQUIRE_FALSE(drained);
    CHECK(drained.error().code == errc::truncated);
    CHECK_FALSE(rig.server.reusable());
  });
}

}  // namespace
}  // namespace regpass::transport
