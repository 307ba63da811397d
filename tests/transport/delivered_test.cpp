// When an answer counts as delivered: the bytes that its head announced are on their way, whatever the peer does then.
#include "h2_rig.hpp"

#include <catch2/catch.hpp>

#include <optional>
#include <string>

namespace regpass::transport {
namespace {

using namespace testing;

struct ending {
  bool finished = false;
  bool delivered = false;
};

// Writes `piece` of an answer of five bytes, waits until the client has reset the stream, and ends the answer.
async::task<void> answer_and_wait(downstream& one, std::string piece, ending& how, bool& written) {
  const auto on = co_await boost::asio::this_coro::executor;
  bool gone = false;
  one.on_disconnect([&gone] { gone = true; });
  auto begun = co_await one.respond(response(404), counted(5));
  CHECK(begun);
  auto wrote = co_await one.write(piece);
  CHECK(wrote);
  written = true;
  while (!gone) co_await let_others_run();
  auto finished = co_await one.finish(http::fields());
  how = {finished.has_value(), one.delivered()};
}

}  // namespace

TEST_CASE("R8: a stream that is reset after all announced bytes was delivered, before them it was not") {
  const std::string piece = GENERATE("hello", "hell");
  run_task([&]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    h2_rig rig(on);
    ending how;
    bool written = false;
    bool over = false;
    rig.serve([&](downstream& one) -> async::task<void> {
      co_await answer_and_wait(one, piece, how, written);
      over = true;
    });
    auto up = rig.client->open();
    auto head = co_await ask(*up, request("GET"));
    CHECK(value_or_zero(head) == 404);
    while (!written) co_await let_others_run();
    up->abort();
    while (!over) co_await let_others_run();
    CHECK(how.finished == (piece.size() == 5));
    CHECK(how.delivered == (piece.size() == 5));
    up.reset();
    co_await rig.over();
  });
}

TEST_CASE("R8: an answer of a registry that resets after all announced bytes is whole, before them it is not") {
  const std::string piece = GENERATE("hello", "hell");
  run_task([&]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    h2_rig rig(on);
    rig.serve([&](downstream& one) -> async::task<void> {
      co_await one.respond(response(200), counted(5));
      co_await one.write(piece);
      one.abort();
    });
    auto up = rig.client->open();
    auto head = co_await ask(*up, request("GET"));
    CHECK(value_or_zero(head) == 200);
    auto body = co_await read_all(*up);
    CHECK(body.has_value() == (piece.size() == 5));
    CHECK(up->complete() == (piece.size() == 5));
    up.reset();
    co_await rig.over();
  });
}

TEST_CASE("R8: an answer of HTTP/1.1 counts as delivered with the last announced byte") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    server_rig rig(on);
    rig.say("GET / HTTP/1.1\r\nHost: registry.test\r\n\r\n");
    co_await rig.server.next();
    co_await rig.server.respond(response(200), counted(5));
    CHECK_FALSE(rig.server.delivered());
    co_await rig.server.write("hell");
    CHECK_FALSE(rig.server.delivered());
    co_await rig.server.write("o");
    CHECK(rig.server.delivered());
  });
}

TEST_CASE("R8: a chunked answer counts as delivered with its last chunk") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    server_rig rig(on);
    rig.say("GET / HTTP/1.1\r\nHost: registry.test\r\n\r\n");
    co_await rig.server.next();
    co_await rig.server.respond(response(200), chunked());
    co_await rig.server.write("hello");
    CHECK_FALSE(rig.server.delivered());
    co_await rig.server.finish(http::fields());
    CHECK(rig.server.delivered());
  });
}

}  // namespace regpass::transport
