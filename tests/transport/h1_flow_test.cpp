// Back-pressure, bounded memory, and clocks that both directions of a connection keep at once.
#include "regpass/transport/h1_connection.hpp"
#include "rigs.hpp"
#include "support/bytes.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <optional>
#include <string>

namespace regpass::transport {
namespace {

using namespace std::chrono_literals;
using namespace testing;

constexpr std::size_t most_read = 64 * 1024 + 1024;  // the buffer, and what a head may need more

limits short_limits() {
  limits made;
  made.idle_for = 60ms;
  made.response_within = 60ms;
  return made;
}

std::string put_of(std::size_t size) {
  return "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n";
}

TEST_CASE("No more than the buffer is read from a client whose body is not consumed (P6, F10)",
          "[limits.body_buffer]") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    server_rig rig(on);
    rig.say(put_of(10'000'000) + noise(10'000'000));
    co_await rig.server.next();
    co_await let_others_run();
    CHECK(rig.wires.there->taken() <= most_read);
    auto piece = co_await rig.server.read();
    REQUIRE(piece);
    const auto after_one = rig.wires.there->taken();
    CHECK(after_one <= most_read);
    co_await let_others_run();
    CHECK(rig.wires.there->taken() == after_one);
  });
}

TEST_CASE("No more than the buffer is read from a registry whose answer is not consumed (P6)", "[limits.body_buffer]") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    client_rig rig(on);
    rig.say("HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n" + noise(10'000'000));
    auto head_out = request("GET");
    co_await rig.client.send(std::move(head_out), no_body());
    co_await rig.client.head();
    std::size_t got = 0;
    while (got < 1'000'000) {
      auto piece = co_await rig.client.read();
      REQUIRE(piece);
      CHECK(piece->size() <= most_read);
      got += piece->size();
      CHECK(rig.wires.back->taken() <= got + most_read);
    }
  });
}

// Writes 64 KiB at a time and counts.
template <class Writer>
async::task<void> write_on(Writer& to, int& pieces, std::optional<error>& failed) {
  const auto piece = noise(64 * 1024);
  for (;;) {
    auto written = co_await to.write(piece);
    if (!written) {
      failed = written.error();
      co_return;
    }
    ++pieces;
  }
}

TEST_CASE("A writer waits for a client that does not read, up to its deadline (T22, F10)") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    server_rig rig(on, short_limits());
    rig.say("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    rig.wires.back->hold_beyond(100'000);
    co_await rig.server.next();
    co_await rig.server.respond(response(200), chunked());
    int pieces = 0;
    std::optional<error> failed;
    async::task_group writers(on);
    writers.spawn(write_on(rig.server, pieces, failed), "writer");
    co_await let_others_run();
    CHECK(pieces == 1);
    CHECK(rig.wires.back->waiting().size() == 100'000);
    co_await writers.join();
    REQUIRE(failed);
    CHECK(failed->code == errc::timed_out);
    CHECK(failed->when == phase::body);
  });
}

TEST_CASE("A writer waits for a registry that does not read, up to its deadline") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    client_rig rig(on, short_limits());
    rig.wires.there->hold_beyond(100'000);
    auto head_out = request("PUT");
    co_await rig.client.send(std::move(head_out), chunked());
    int pieces = 0;
    std::optional<error> failed;
    async::task_group writers(on);
    writers.spawn(write_on(rig.client, pieces, failed), "writer");
    co_await let_others_run();
    CHECK(pieces == 1);
    co_await writers.join();
    REQUIRE(failed);
    CHECK(failed->code == errc::timed_out);
  });
}

// Whatever is written, each kind of message, is not waited for longer than it may.
TEST_CASE("Every write to a client that does not read is timed out (T22)") {
  using writing = async::task<result<void>> (*)(h1_server&);
  const auto how = GENERATE(values<std::pair<const char*, writing>>({
      {"100",
       [](h1_server& server) -> async::task<result<void>> {
         auto piece = co_await server.read();
         if (!piece) co_return std::unexpected(piece.error());
         co_return result<void>();
       }},
      {"103",
       [](h1_server& server) -> async::task<result<void>> {
         auto done = co_await server.inform(response(103));
         co_return done;
       }},
      {"end",
       [](h1_server& server) -> async::task<result<void>> {
         co_await server.respond(response(204), no_body());
         auto done = co_await server.finish(http::fields());
         co_return done;
       }},
  }));
  INFO(how.first);
  run_task([&]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    server_rig rig(on, short_limits());
    rig.say("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
    rig.wires.back->hold_beyond(0);
    co_await rig.server.next();
    auto done = co_await how.second(rig.server);
    REQUIRE_FALSE(done);
    CHECK(done.error().code == errc::timed_out);
    CHECK(done.error().when == phase::body);
  });
}

TEST_CASE("The end of a request to a registry that does not read is timed out") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    client_rig rig(on, short_limits());
    auto head_out = request("PUT");
    co_await rig.client.send(std::move(head_out), chunked());
    co_await rig.client.write("x");
    rig.wires.there->hold_beyond(0);
    auto done = co_await rig.client.finish(http::fields());
    REQUIRE_FALSE(done);
    CHECK(done.error().code == errc::timed_out);
    CHECK(done.error().when == phase::body);
  });
}

// The next two: what one direction finishes must not stop the other's clock.
TEST_CASE("An early answer that stalls is timed out although the upload goes on") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    client_rig rig(on, short_limits());
    auto head_out = request("PUT");
    co_await rig.client.send(std::move(head_out), chunked());
    co_await rig.client.write("x");
    rig.say("HTTP/1.1 400 Bad Request\r\nContent-Length: 10\r\n\r\nhalf");
    co_await rig.client.head();
    std::optional<error> problem;
    const auto read = [&]() -> async::task<void> {
      auto body = co_await read_all(rig.client);
      if (!body) problem = body.error();
    };
    async::task_group readers(on);
    readers.spawn(read(), "reader");
    co_await let_others_run();
    co_await rig.client.write("y");
    co_await rig.client.finish(http::fields());
    const auto failed = [&] { return problem.has_value(); };
    const auto noticed = co_await wait_until(failed, 2s);
    REQUIRE(noticed);
    CHECK(problem->code == errc::timed_out);
    CHECK(problem->when == phase::body);
    rig.wires.near->close();
    co_await readers.join();
  });
}

TEST_CASE("An upload that stalls is timed out although its early answer has been written") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    server_rig rig(on, short_limits());
    rig.say(put_of(10) + "half");
    co_await rig.server.next();
    std::optional<error> problem;
    const auto read = [&]() -> async::task<void> {
      auto body = co_await read_all(rig.server);
      if (!body) problem = body.error();
    };
    async::task_group readers(on);
    readers.spawn(read(), "reader");
    co_await let_others_run();
    co_await answer(rig.server, response(400), "no");
    const auto failed = [&] { return problem.has_value(); };
    const auto noticed = co_await wait_until(failed, 2s);
    REQUIRE(noticed);
    CHECK(problem->code == errc::timed_out);
    CHECK(problem->when == phase::body);
    rig.wires.far->close();
    co_await readers.join();
  });
}

TEST_CASE("A registry that reads slowly is not timed out while it makes progress") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    client_rig rig(on, short_limits());
    rig.wires.there->hold_beyond(70'000);
    int pieces = 0;
    std::optional<error> failed;
    auto head_out = request("PUT");
    co_await rig.client.send(std::move(head_out), chunked());
    async::task_group writers(on);
    writers.spawn(write_on(rig.client, pieces, failed), "writer");
    for (int i = 0; i < 10; ++i) {
      co_await pause(15ms);
      rig.said();
    }
    CHECK_FALSE(failed);
    CHECK(pieces >= 9);
    rig.wires.near->close();
    co_await writers.join();
  });
}

TEST_CASE("The wait for an answer begins with the request's last byte") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    auto bounds = short_limits();
    bounds.idle_for = 10s;
    client_rig rig(on, bounds);
    auto head_out = request("PUT");
    co_await rig.client.send(std::move(head_out), chunked());
    std::optional<error> problem;
    const auto read = [&]() -> async::task<void> {
      auto head = co_await rig.client.head();
      if (!head) problem = head.error();
    };
    async::task_group readers(on);
    readers.spawn(read(), "reader");
    for (int i = 0; i < 6; ++i) {
      co_await rig.client.write("x");
      co_await pause(20ms);
    }
    CHECK_FALSE(problem);
    co_await rig.client.finish(http::fields());
    co_await readers.join();
    REQUIRE(problem);
    CHECK(problem->code == errc::timed_out);
    CHECK(problem->when == phase::head);
  });
}

}  // namespace
}  // namespace regpass::transport
