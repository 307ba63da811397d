// HTTP/2 exchanges end to end, without a socket: bodies, trailers, back-pressure, resets, the end of connections.
#include "h2_rig.hpp"

#include <boost/asio/steady_timer.hpp>
#include <catch2/catch.hpp>

#include <chrono>
#include <string>
#include <vector>

namespace regpass::transport {
namespace {

using namespace std::chrono_literals;
using namespace testing;

TEST_CASE("A request with a body and trailers arrives as it was sent, and so does its answer") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    h2_rig rig(on);
    const auto layer = noise(3'000'000);
    const auto blob = noise(2'000'000, 2);
    rig.serve([&](downstream& one) -> async::task<void> {
      CHECK(one.version() == "2");
      CHECK(one.head().method == "PUT");
      CHECK(one.head().headers.get("Host") == "registry.test");
      CHECK(one.body().how == http::framing::kind::chunked);
      auto body = co_await read_all(one);
      CHECK(checksum(body.value_or("")) == checksum(layer));
      CHECK(one.trailers().get("checksum") == "1");
      co_await one.respond(response(201), counted(blob.size()));
      http::fields trailers;
      trailers.add("Grpc-Status", "0");
      co_await write_whole(one, blob, std::move(trailers));
    });
    auto up = rig.client->open();
    co_await up->send(request("PUT"), chunked());
    http::fields trailers;
    trailers.add("Checksum", "1");
    auto written = co_await write_whole(*up, layer, std::move(trailers));
    CHECK(written);
    auto head = co_await up->head();
    CHECK(value_or_zero(head) == 201);
    CHECK(up->body().length == blob.size());
    auto body = co_await read_all(*up);
    CHECK(checksum(body.value_or("")) == checksum(blob));
    CHECK(up->trailers().get("grpc-status") == "0");
    CHECK(up->complete());
    up.reset();
    co_await rig.over();
    CHECK(rig.ended->code == errc::closed);
  });
}

TEST_CASE("A hundred exchanges run concurrently on one connection") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    h2_rig rig(on);
    int inside = 0;
    int most = 0;
    rig.serve([&](downstream& one) -> async::task<void> {
      most = std::max(most, ++inside);
      while (most < 100) co_await pause(1ms);
      co_await answer(one, response(200), one.head().target);
      --inside;
    });
    std::vector<std::unique_ptr<h2_upstream>> all;
    for (int i = 0; i < 100; ++i) {
      CHECK(rig.client->usable());
      all.push_back(rig.client->open());
      co_await all.back()->send(request("GET", "/" + std::to_string(i)), no_body());
    }
    CHECK_FALSE(rig.client->usable());
    for (int i = 0; i < 100; ++i) {
      auto head = co_await all[static_cast<std::size_t>(i)]->head();
      REQUIRE(head);
      auto body = co_await read_all(*all[static_cast<std::size_t>(i)]);
      CHECK(body == "/" + std::to_string(i));
    }
    all.clear();
    CHECK(rig.client->usable());
    co_await rig.over();
  });
}

TEST_CASE("A reader that stops reading blocks its own writer, and no other exchange", "[limits.http2_stream_window]") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    h2_rig rig(on);
    std::size_t sent = 0;
    const std::string piece(64 * 1024, 'x');
    rig.serve([&](downstream& one) -> async::task<void> {
      co_await one.respond(response(200), chunked());
      for (int i = 0; i < 100; ++i) {
        auto written = co_await one.write(piece);
        if (!written) co_return;
        if (one.head().target == "/slow") sent += piece.size();
      }
      co_await one.finish(http::fields());
    });
    auto slow = rig.client->open();
    auto head = co_await ask(*slow, request("GET", "/slow"));
    REQUIRE(head);
    co_await let_others_run();
    CHECK(sent >= rig.bounds.h2.stream_window);
    CHECK(sent <= rig.bounds.h2.stream_window + 2 * piece.size());
    const auto before = sent;
    for (int i = 0; i < 5; ++i) {
      auto fast = rig.client->open();
      co_await ask(*fast, request("GET", "/fast"));
      auto body = co_await read_all(*fast);
      CHECK(body.value_or("").size() == 100 * piece.size());
    }
    CHECK(sent == before);
    auto rest = co_await read_all(*slow);
    CHECK(rest.value_or("").size() == 100 * piece.size());
    slow.reset();
    co_await rig.over();
  });
}

TEST_CASE("A client that gives up resets its stream, and the server's exchange is notified") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    h2_rig rig(on);
    std::optional<errc> heard;
    rig.serve([&](downstream& one) -> async::task<void> {
      auto body = co_await read_all(one);
      if (!body) heard = body.error().code;
    });
    auto up = rig.client->open();
    co_await up->send(request("PUT"), chunked());
    co_await up->write("half");
    up.reset();
    const auto told = [&] { return heard.has_value(); };
    co_await wait_until(told);
    CHECK(heard == errc::reset);
    CHECK(rig.client->accepting());
    co_await rig.over();
  });
}

TEST_CASE("An exchange that the server aborts never looks complete to the client") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    h2_rig rig(on);
    const bool says_so = GENERATE(false, true);
    rig.serve([&](downstream& one) -> async::task<void> {
      co_await one.respond(response(200), chunked());
      co_await one.write("half");
      if (says_so) one.abort();
    });
    auto up = rig.client->open();
    auto head = co_await ask(*up, request("GET"));
    REQUIRE(head);
    auto body = co_await read_all(*up);
    REQUIRE_FALSE(body);
    CHECK(body.error().code == errc::reset);
    CHECK(body.error().answer_started);
    CHECK_FALSE(up->unprocessed());
    up.reset();
    co_await rig.over();
  });
}

TEST_CASE("An answer whose head is too large is reported as such, and the connection stays open (P6)") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    limits bounds;
    bounds.head.head_bytes = 4096;
    h2_rig rig(on, bounds);
    rig.serve([](downstream& one) -> async::task<void> {
      auto head = response(200);
      if (one.head().method == "GET") head.headers.add("X-Long", std::string(6000, 'y'));
      co_await one.respond(std::move(head), no_body());
      co_await one.finish(http::fields());
    });
    auto first = rig.client->open();
    auto got = co_await ask(*first, request("GET"));
    REQUIRE_FALSE(got);
    CHECK(got.error().code == errc::too_large);
    CHECK_THAT(got.error().detail, Catch::Contains("limits.head_bytes"));
    auto second = rig.client->open();
    auto next = co_await ask(*second, request("HEAD"));
    CHECK(value_or_zero(next) == 200);
    first.reset();
    second.reset();
    co_await rig.over();
  });
}

TEST_CASE("A broken connection fails every exchange on it, and none of them as unprocessed") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    h2_rig rig(on);
    rig.serve([&](downstream& one) -> async::task<void> {
      co_await one.respond(response(200), counted(10));
      co_await one.write("half");
      auto body = co_await read_all(one);
      CHECK_FALSE(body);
    });
    std::vector<std::unique_ptr<h2_upstream>> all;
    for (int i = 0; i < 3; ++i) {
      all.push_back(rig.client->open());
      co_await all.back()->send(request("PUT"), chunked());
      auto head = co_await all.back()->head();
      CHECK(head);
    }
    rig.far->close();
    for (auto& one : all) {
      auto body = co_await read_all(*one);
      CHECK_FALSE(body);
      CHECK_FALSE(one->unprocessed());
    }
    CHECK_FALSE(rig.client->accepting());
    all.clear();
    co_await rig.over();
  });
}

TEST_CASE("An early answer is delivered completely, and stops the upload") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    h2_rig rig(on);
    rig.serve([&](downstream& one) -> async::task<void> { co_await answer(one, response(413), "too much"); });
    auto up = rig.client->open();
    co_await up->send(request("PUT"), chunked());
    auto head = co_await up->head();
    CHECK(value_or_zero(head) == 413);
    auto body = co_await read_all(*up);
    CHECK(body == "too much");
    const std::string piece(100'000, 'x');
    result<void> written;
    for (int i = 0; i < 100 && written; ++i) written = co_await up->write(piece);
    CHECK_FALSE(written);
    up.reset();
    co_await rig.over();
  });
}

TEST_CASE("A client that expects 100 gets it when its body is read") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    h2_rig rig(on);
    rig.serve([&](downstream& one) -> async::task<void> {
      auto body = co_await read_all(one);
      co_await answer(one, response(201), body.value_or(""));
    });
    auto up = rig.client->open();
    auto head = request("PUT");
    head.headers.add("Expect", "100-continue");
    co_await up->send(std::move(head), counted(4));
    auto interim = co_await up->head();
    CHECK(value_or_zero(interim) == 100);
    co_await write_whole(*up, "body");
    auto final = co_await up->head();
    CHECK(value_or_zero(final) == 201);
    up.reset();
    co_await rig.over();
  });
}

TEST_CASE("A body that stalls resets its stream, and the connection stays open") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    limits hasty;
    hasty.idle_for = 50ms;
    h2_rig rig(on, hasty);
    std::optional<errc> heard;
    rig.serve([&](downstream& one) -> async::task<void> {
      auto body = co_await read_all(one);
      if (!body) heard = body.error().code;
    });
    auto up = rig.client->open();
    co_await up->send(request("PUT"), chunked());
    auto head = co_await up->head();
    CHECK_FALSE(head);
    CHECK(heard == errc::timed_out);
    CHECK(rig.client->accepting());
    up.reset();
    co_await rig.over();
  });
}

TEST_CASE("A connection that receives nothing any more accepts no new requests (F01)") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    const bool others_talk = GENERATE(false, true);
    limits hasty;
    hasty.idle_for = 40ms;
    hasty.response_within = 80ms;
    h2_rig rig(on, hasty);
    rig.serve([&](downstream& one) -> async::task<void> {
      if (one.head().method == "GET") {
        boost::asio::steady_timer timer(on, 200ms);
        co_await timer.async_wait(async::use_task);
        co_return;
      }
      auto answer = response(200);
      auto said = co_await one.respond(std::move(answer), no_body());
      if (said) said = co_await one.finish(http::fields());
      CHECK(said);
    });
    auto up = rig.client->open();
    co_await up->send(request("GET"), no_body());
    for (int i = 0; others_talk && i < 6; ++i) {
      auto other = rig.client->open();
      auto what = request("HEAD");
      auto head = co_await ask(*other, std::move(what));
      CHECK(value_or_zero(head) == 200);
      boost::asio::steady_timer timer(on, 10ms);
      co_await timer.async_wait(async::use_task);
    }
    auto head = co_await up->head();
    REQUIRE_FALSE(head);
    CHECK(head.error().code == errc::timed_out);
    CHECK(rig.client->accepting() == others_talk);
    up.reset();
    co_await rig.over();
  });
}

TEST_CASE("An idle connection ends after a while, with a GOAWAY") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    limits hasty;
    hasty.idle_for = 50ms;
    h2_rig rig(on, hasty);
    rig.serve([](downstream& one) -> async::task<void> { co_await answer(one, response(200), ""); });
    co_await rig.served.join();
    CHECK(rig.ended->code == errc::closed);
    CHECK_FALSE(rig.client->accepting());
  });
}

TEST_CASE("A retired connection completes its exchanges, and a later one is unprocessed") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    h2_rig rig(on);
    rig.serve([](downstream& one) -> async::task<void> {
      auto body = co_await read_all(one);
      co_await answer(one, response(200), body.value_or(""));
    });
    auto up = rig.client->open();
    auto late = rig.client->open();
    co_await up->send(request("PUT"), counted(4));
    rig.client->retire();
    auto sent = co_await late->send(request("DELETE"), no_body());
    CHECK_FALSE(sent);
    CHECK(late->unprocessed());
    co_await write_whole(*up, "body");
    auto head = co_await up->head();
    REQUIRE(head);
    auto body = co_await read_all(*up);
    CHECK(body == "body");
    up.reset();
    late.reset();
    co_await rig.served.join();
  });
}

TEST_CASE("An answer that asks for HTTP/1.1 counts as unprocessed and downgrades the origin") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    h2_rig rig(on);
    rig.serve([](downstream& one) -> async::task<void> { co_await answer(one, response(426), ""); });
    int told = 0;
    rig.client->on_downgrade([&] { ++told; });
    auto up = rig.client->open();
    auto head = co_await ask(*up, request("DELETE"));
    CHECK_FALSE(head);
    CHECK(up->unprocessed());
    CHECK(told == 1);
    up.reset();
    co_await rig.over();
  });
}

}  // namespace
}  // namespace regpass::transport
