// Registries that lie, stall, flood or leave: what the client role makes of them.
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
  made.idle_for = 40ms;
  made.response_within = 80ms;
  return made;
}

// The head of the answer to a GET, or to a HEAD.
async::task<result<http::response_head>> ask(client_rig& rig, std::string method = "GET") {
  auto head_out = request(std::move(method));
  co_await rig.client.send(std::move(head_out), no_body());
  auto head = co_await rig.client.head();
  co_return head;
}

std::string times(int count, const std::string& what) {
  std::string all;
  for (int i = 0; i < count; ++i) all += what;
  return all;
}

TEST_CASE("Answers with an ambiguous length are refused (T16)") {
  const std::string fields =
      GENERATE("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "Content-Length: 5\r\nContent-Length: 6\r\n",
               "Content-Length: 5, 5\r\n", "Content-Length: -1\r\n", "Content-Length: 99999999999999999999\r\n",
               "Transfer-Encoding: gzip\r\n", "Transfer-Encoding: chunked, chunked\r\n", "Content-Length : 5\r\n",
               "X: a\r\n b\r\n", "X: a\nY: b\r\n", "X: \x01\r\n");
  INFO(fields);
  run_task([&]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    client_rig rig(on);
    rig.say("HTTP/1.1 200 OK\r\n" + fields + "\r\nhello");
    auto head = co_await ask(rig);
    REQUIRE_FALSE(head);
    CHECK(head.error().code == errc::bad_message);
    CHECK(head.error().who == party::registry);
    CHECK(head.error().when == phase::head);
    CHECK(head.error().answer_started);
    CHECK_FALSE(rig.client.reusable());
  });
}

TEST_CASE("A 204 that announces a body is refused (T16)") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    client_rig rig(on);
    rig.say("HTTP/1.1 204 No Content\r\nContent-Length: 4\r\n\r\nbody");
    auto head = co_await ask(rig);
    REQUIRE_FALSE(head);
    CHECK(head.error().code == errc::bad_message);
  });
}

TEST_CASE("Input that is not HTTP/1 is recognised by its first bytes") {
  const std::string bytes = GENERATE("SSH-2.0-OpenSSH\r\n", "HTTP/2.0 200 OK\r\n\r\n", "\x15\x03\x01", "hello");
  INFO(bytes);
  run_task([&]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    client_rig rig(on);
    rig.say(bytes);
    auto head = co_await ask(rig);
    REQUIRE_FALSE(head);
    CHECK(head.error().code == errc::bad_message);
  });
}

TEST_CASE("Interim answers are returned one by one, up to a bound (T16)", "[limits.interim_responses]") {
  const int count = GENERATE(0, 1, 8, 9, 1000);
  INFO(count);
  run_task([&]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    client_rig rig(on);
    rig.say(times(count, "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n") +
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    int interims = 0;
    auto head = co_await ask(rig);
    while (head && http::is_interim(*head)) {
      CHECK(head->headers.get("Link") == "</x>");
      ++interims;
      head = co_await rig.client.head();
    }
    CHECK(interims == std::min(count, 8));
    CHECK(head.has_value() == (count <= 8));
    if (!head) CHECK(head.error().code == errc::bad_message);
  });
}

TEST_CASE("The bound of interim answers is one per answer, not per connection") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    client_rig rig(on);
    for (int round = 0; round < 4; ++round) {
      rig.say(times(5, "HTTP/1.1 100 Continue\r\n\r\n") + "HTTP/1.1 204 No Content\r\n\r\n");
      auto head = co_await ask(rig);
      while (head && http::is_interim(*head)) head = co_await rig.client.head();
      REQUIRE(head);
      co_await read_all(rig.client);
    }
  });
}

TEST_CASE("After a request that could not be sent, an early answer is awaited only briefly") {
  const bool with_body = GENERATE(false, true);
  run_task([&]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    client_rig rig(on);
    rig.wires.there->fail_writes(errc::reset);
    const auto head_out = request(with_body ? "PUT" : "GET");
    const auto body = with_body ? counted(5) : no_body();
    auto sent = co_await rig.client.send(head_out, body);
    CHECK(sent.has_value() == with_body);
    if (with_body) {
      auto written = co_await rig.client.write("layer");
      CHECK_FALSE(written);
    }
    const auto began = std::chrono::steady_clock::now();
    auto head = co_await rig.client.head();
    REQUIRE_FALSE(head);
    CHECK(head.error().code == errc::timed_out);
    CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds(20));  // response_within is ten minutes
  });
}

TEST_CASE("An unrequested switch of protocols is refused (T19)") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    client_rig rig(on);
    rig.say("HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n");
    auto head = co_await ask(rig);
    REQUIRE_FALSE(head);
    CHECK(head.error().code == errc::bad_message);
    CHECK_FALSE(rig.client.reusable());
  });
}

TEST_CASE("Errors blame the connection's peer") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    memory_pair wires(on);
    const limits bounds;
    async::deadline timer(on, [] {});
    h1_client client(*wires.near, party::token_server, bounds, timer);
    auto head_out = request("GET");
    co_await client.send(std::move(head_out), no_body());
    wires.back->put("HTTP/1.1 101 Switching Protocols\r\n\r\n");
    auto head = co_await client.head();
    REQUIRE_FALSE(head);
    CHECK(head.error().who == party::token_server);
  });
}

TEST_CASE("A head beyond its bound is too large, and no more of it is read (T16)") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    client_rig rig(on);
    rig.say("HTTP/1.1 200 OK\r\n" + times(100'000, "X: bomb\r\n"));
    auto head = co_await ask(rig);
    REQUIRE_FALSE(head);
    CHECK(head.error().code == errc::too_large);
    CHECK(rig.wires.back->taken() <= 66 * 1024);
  });
}

struct cut_answer {
  const char* what;
  std::string bytes;
  errc code;
  bool started;
};

TEST_CASE("A registry that disconnects is truncated during an answer, closed before it, and never complete (P7)") {
  const auto one = GENERATE(values<cut_answer>({
      {"before", "", errc::closed, false},
      {"in the status line", "HTTP/1", errc::truncated, true},
      {"in the head", "HTTP/1.1 200 OK\r\nX", errc::truncated, true},
      {"in a counted body", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", errc::truncated, true},
      {"in a chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhalf", errc::truncated, true},
      {"between chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n", errc::truncated, true},
      {"before the last empty line", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n0\r\n",
       errc::truncated, true},
  }));
  INFO(one.what);
  run_task([&]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    client_rig rig(on);
    rig.say(one.bytes);
    rig.wires.back->end();
    auto head = co_await ask(rig);
    auto problem = head ? error() : head.error();
    if (head) {
      auto body = co_await read_all(rig.client);
      REQUIRE_FALSE(body);
      problem = body.error();
    }
    CHECK(problem.code == one.code);
    CHECK(problem.answer_started == one.started);
    CHECK(problem.who == party::registry);
    CHECK_FALSE(rig.client.reusable());
  });
}

TEST_CASE("A close-delimited body that is reset, or truncated in TLS, is not complete (P7)") {
  const auto how = GENERATE(errc::reset, errc::truncated);
  run_task([&]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    client_rig rig(on);
    rig.say("HTTP/1.1 200 OK\r\n\r\nhalf");
    rig.wires.back->fail_reads(how);
    co_await ask(rig);
    auto body = co_await read_all(rig.client);
    REQUIRE_FALSE(body);
    CHECK(body.error().code == how);
    CHECK(body.error().when == phase::body);
  });
}

TEST_CASE("A registry that does not answer, or stalls in its body, is timed out",
          "[limits.response_timeout][limits.idle_timeout]") {
  const bool begun = GENERATE(false, true);
  run_task([&]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    client_rig rig(on, short_limits());
    if (begun) rig.say("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf");
    const auto began = std::chrono::steady_clock::now();
    auto head = co_await ask(rig);
    auto problem = head ? error() : head.error();
    if (head) {
      auto body = co_await read_all(rig.client);
      REQUIRE_FALSE(body);
      problem = body.error();
    }
    const auto took = std::chrono::steady_clock::now() - began;
    CHECK(problem.code == errc::timed_out);
    CHECK(problem.when == (begun ? phase::body : phase::head));
    CHECK(problem.who == party::registry);
    CHECK(problem.answer_started == begun);
    CHECK(took >= (begun ? 40ms : 80ms));
    CHECK(rig.wires.near->closed());
  });
}

TEST_CASE("The answer of a registry that closes during the request is still read") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    client_rig rig(on);
    auto head_out = request("PUT");
    co_await rig.client.send(std::move(head_out), counted(1'000'000));
    rig.say("HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno");
    rig.wires.there->fail_writes(errc::reset);
    auto written = co_await rig.client.write("x");
    REQUIRE_FALSE(written);
    CHECK(written.error().code == errc::reset);
    auto head = co_await rig.client.head();
    REQUIRE(head);
    CHECK(head->status == 413);
    auto body = co_await read_all(rig.client);
    CHECK(body == "no");
    CHECK_FALSE(rig.client.reusable());
  });
}

}  // namespace
}  // namespace regpass::transport
