// The server role against a client that speaks in frames made by hand (T21), and telling HTTP/2 from HTTP/1.1.
#include "h2_rig.hpp"
#include "http/h2_frames.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace regpass::transport {
namespace {

using namespace testing;
using namespace http::h2_test;

struct raw_rig {
  explicit raw_rig(const async::executor& on) : wires(on), bounds(), server(*wires.far, bounds) {}
  memory_pair wires;
  limits bounds;
  h2_server server;
};

TEST_CASE("T21 a flood is answered by GOAWAY, and the open exchanges end") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    raw_rig rig(on);
    std::string flood = opening() + http::h2_test::headers(1, get(), false);
    for (int i = 0; i < 1100; ++i) flood += raw(frame::ping, 0, 0, "12345678");
    rig.wires.there->put(flood);
    rig.wires.there->end();
    const h2_server::handler serve = [](downstream& one) -> async::task<void> {
      auto body = co_await read_all(one);
      CHECK_FALSE(body);
    };
    auto ended = co_await rig.server.run(serve);
    CHECK(ended.code == errc::too_large);
    CHECK(frames_in(rig.wires.back->take()).ends_with("GOAWAY(11)"));
  });
}

TEST_CASE("T21 resets do not pile up exchanges that still wind down") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    raw_rig rig(on);
    rig.bounds.h2.resets = 10'000;
    h2_server server(*rig.wires.far, rig.bounds);
    std::string bytes = opening();
    for (std::uint32_t id = 1; id < 1000; id += 2) {
      bytes += http::h2_test::headers(id, get(), false) + raw(frame::rst_stream, 0, id, number(8, 4));
    }
    rig.wires.there->put(bytes);
    int running = 0;
    int most = 0;
    bool open = false;
    async::task_group group(on);
    const h2_server::handler serve = [&](downstream&) -> async::task<void> {
      most = std::max(most, ++running);
      while (!open) co_await let_others_run();
      --running;
    };
    const auto work = [&]() -> async::task<void> { co_await server.run(serve); };
    group.spawn(work(), "server");
    co_await let_others_run();
    open = true;
    rig.wires.there->end();
    co_await group.join();
    CHECK(most == 200);
  });
}

TEST_CASE("A piece that is known to be the last ends its stream in the same frame") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    raw_rig rig(on);
    const bool with_trailers = GENERATE(false, true);
    rig.wires.there->put(opening() + http::h2_test::headers(1, get(), true));
    const h2_server::handler serve = [&](downstream& one) -> async::task<void> {
      http::fields trailers;
      if (with_trailers) trailers.add("Checksum", "1");
      co_await one.respond(response(200), counted(4));
      auto written = co_await one.write_last("body", std::move(trailers));
      CHECK(written);
      rig.wires.there->end();
    };
    co_await rig.server.run(serve);
    const auto frames = frames_in(rig.wires.back->take());
    INFO(frames);
    CHECK(frames.ends_with(with_trailers ? "HEADERS DATA HEADERS!" : "HEADERS DATA!"));
  });
}

}  // namespace
}  // namespace regpass::transport
