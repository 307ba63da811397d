// What clients get and how long their connections live.
#include "regpass/transport/h1_connection.hpp"
#include "rigs.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

namespace regpass::transport {
namespace {

using namespace testing;

const std::string get = "GET /v2/ HTTP/1.1\r\nHost: registry.test\r\n\r\n";

std::string get_with(const std::string& field) {
  return "GET /v2/ HTTP/1.1\r\nHost: registry.test\r\n" + field + "\r\n\r\n";
}

TEST_CASE("A request is read as it was written, and its answer is sent in one write") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    server_rig rig(on);
    rig.say(
        "POST /v2/a/blobs/uploads/?x=1 HTTP/1.1\r\nHost: registry.test\r\nContent-Length: 5\r\nX-Two: a\r\nX-two: "
        "b\r\n\r\nhello");
    auto got = co_await rig.server.next();
    REQUIRE(got);
    CHECK(rig.server.head().method == "POST");
    CHECK(rig.server.head().target == "/v2/a/blobs/uploads/?x=1");
    CHECK(rig.server.head().headers.all("x-two") == std::vector<std::string_view>{"a", "b"});
    CHECK(rig.server.version() == "1.1");
    CHECK(rig.server.body().how == http::framing::kind::counted);
    CHECK(rig.server.body().length == 5);
    auto body = co_await read_all(rig.server);
    CHECK(body == "hello");
    CHECK_FALSE(rig.server.responded());
    auto answered = co_await answer(rig.server, response(202), "ok");
    REQUIRE(answered);
    CHECK(rig.server.responded());
    CHECK(rig.wires.back->writes() == 1);
    CHECK(rig.said() == "HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\nok");
    CHECK(rig.server.reusable());
  });
}

TEST_CASE("Pipelined requests are answered in order, however the bytes are split") {
  const std::string requests =
      "GET /one HTTP/1.1\r\nHost: h\r\n\r\n"
      "PUT /two HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"
      "PUT /three HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nde\r\n0\r\n\r\n"
      "GET /four HTTP/1.1\r\nHost: h\r\n\r\n";
  const auto first = GENERATE_COPY(range(std::size_t{1}, requests.size() + 1));
  const std::size_t others = GENERATE(1U, unbounded);
  run_task([&]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    server_rig rig(on);
    rig.wires.there->cut({first}, others);
    rig.say(requests);
    rig.wires.there->end();
    std::string seen;
    for (;;) {
      auto got = co_await rig.server.next();
      if (!got) {
        CHECK(got.error().code == errc::closed);
        break;
      }
      auto body = co_await read_all(rig.server);
      REQUIRE(body);
      seen += rig.server.head().target + "(" + *body + ") ";
      co_await answer(rig.server, response(200), rig.server.head().target);
      CHECK(rig.server.reusable());
    }
    CHECK(seen == "/one() /two(abc) /three(de) /four() ");
    CHECK_THAT(rig.said(), Catch::EndsWith("\r\n\r\n/four"));
  });
}

struct framed_answer {
  const char* what;
  std::string request;
  int status;
  http::framing body;
  std::string own_field;  // "Name: value" that the upstream's head carried
  std::string bytes;
  bool reusable;
};

TEST_CASE("An answer is framed according to the client's version and method") {
  const std::string head = "HEAD / HTTP/1.1\r\nHost: h\r\n\r\n";
  const std::string old = "GET / HTTP/1.0\r\n\r\n";
  const std::string old_alive = "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
  const auto one = GENERATE_COPY(values<framed_answer>({
      {"counted", get, 200, counted(4), "", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody", true},
      {"chunked", get, 200, chunked(), "",
       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n", true},
      {"until close", get, 200, until_close(), "", "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nbody", false},
      {"none", get, 200, no_body(), "", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", true},
      {"a length that was wrong", get, 200, counted(4), "Content-Length: 9",
       "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody", true},
      {"HEAD, counted", head, 200, no_body(), "Content-Length: 1234", "HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n",
       true},
      {"HEAD, chunked", head, 200, chunked(), "Transfer-Encoding: chunked", "HTTP/1.1 200 OK\r\n\r\n", true},
      {"HEAD with a body", head, 200, counted(4), "", "HTTP/1.1 200 OK\r\n\r\n", true},
      {"204", get, 204, no_body(), "", "HTTP/1.1 204 No Content\r\n\r\n", true},
      {"204 that lies (T16)", get, 204, counted(4), "Content-Length: 4", "HTTP/1.1 204 No Content\r\n\r\n", true},
      {"304", get, 304, no_body(), "Content-Length: 99", "HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n",
       true},
      {"1.0, counted", old, 200, counted(4), "",
       "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbody", false},
      {"1.0, chunked", old, 200, chunked(), "", "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nbody", false},
      {"1.0 alive, counted", old_alive, 200, counted(4), "",
       "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: keep-alive\r\n\r\nbody", true},
      {"1.0 alive, chunked", old_alive, 200, chunked(), "", "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nbody", false},
      {"upstream's Connection", get, 200, counted(4), "Connection: close",
       "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody", true},
      {"client that closes", get_with("Connection: close"), 200, counted(4), "",
       "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbody", false},
  }));
  INFO(one.what);
  run_task([&]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    server_rig rig(on);
    rig.say(one.request);
    auto got = co_await rig.server.next();
    REQUIRE(got);
    co_await rig.server.drain();
    auto head_out = response(one.status);
    if (const auto colon = one.own_field.find(": "); colon != std::string::npos) {
      head_out.headers.add(one.own_field.substr(0, colon), one.own_field.substr(colon + 2));
    }
    co_await rig.server.respond(std::move(head_out), one.body);
    if (one.body.has_body()) co_await rig.server.write("body");
    co_await rig.server.finish(http::fields());
    CHECK(rig.said() == one.bytes);
    CHECK(rig.server.reusable() == one.reusable);
  });
}

TEST_CASE("Trailers are sent only to clients that get chunks") {
  const bool in_chunks = GENERATE(true, false);
  run_task([&]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    server_rig rig(on);
    rig.say(get);
    co_await rig.server.next();
    const auto how = in_chunks ? chunked() : counted(4);
    co_await rig.server.respond(response(200), how);
    http::fields trailers;
    trailers.add("Docker-Content-Digest", "sha256:1");
    co_await write_whole(rig.server, "body", trailers);
    CHECK((rig.said().find("Docker-Content-Digest: sha256:1\r\n") != std::string::npos) == in_chunks);
  });
}

TEST_CASE("Trailers of a request are available after its last piece") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    server_rig rig(on);
    rig.say("PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nDigest: abc\r\n\r\n");
    co_await rig.server.next();
    co_await read_all(rig.server);
    CHECK(rig.server.trailers().get("digest") == "abc");
  });
}

TEST_CASE("Interim responses are sent at once, but not to HTTP/1.0 (RFC 9110 section 15.2)") {
  const bool old = GENERATE(false, true);
  run_task([&]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    server_rig rig(on);
    rig.say(old ? "GET / HTTP/1.0\r\n\r\n" : get);
    co_await rig.server.next();
    auto hints = response(103);
    hints.headers.add("Link", "</x>");
    auto informed = co_await rig.server.inform(hints);
    CHECK(informed);
    CHECK(rig.said() == (old ? "" : "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"));
    CHECK_FALSE(rig.server.responded());
  });
}

TEST_CASE("A connection waits for another request only after answer and body are complete") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    server_rig rig(on);
    CHECK_FALSE(rig.server.reusable());
    rig.say("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhe");
    co_await rig.server.next();
    co_await rig.server.respond(response(200), counted(2));
    co_await rig.server.write("ok");
    CHECK_FALSE(rig.server.reusable());
    co_await rig.server.finish(http::fields());
    CHECK_FALSE(rig.server.reusable());
    rig.say("llo");
    auto drained = co_await rig.server.drain();
    CHECK(drained);
    CHECK(rig.server.reusable());
    rig.say(get);
    auto got = co_await rig.server.next();
    CHECK(got);
    CHECK(rig.server.head().method == "GET");
    CHECK_FALSE(rig.server.reusable());
  });
}

TEST_CASE("A client that disconnects between requests is closed, whether or not it had sent one") {
  const std::string before = GENERATE("", "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  run_task([&]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    server_rig rig(on);
    rig.say(before);
    if (!before.empty()) {
      co_await rig.server.next();
      co_await rig.server.drain();
      co_await answer(rig.server, response(200), "ok");
    }
    rig.wires.there->end();
    auto got = co_await rig.server.next();
    REQUIRE_FALSE(got);
    CHECK(got.error().code == errc::closed);
    CHECK(got.error().who == party::client);
  });
}

TEST_CASE("Bytes that a client sent after its CONNECT are passed to the tunnel (T19)") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    server_rig rig(on);
    rig.say("CONNECT registry.test:443 HTTP/1.1\r\nHost: registry.test:443\r\n\r\n\x16\x03\x01");
    auto got = co_await rig.server.next();
    REQUIRE(got);
    CHECK(rig.said().empty());
    CHECK(rig.server.take_unread() == "\x16\x03\x01");
    CHECK(rig.server.take_unread().empty());
  });
}

TEST_CASE("Aborting disconnects the client in the middle of the answer") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    server_rig rig(on);
    rig.say(get);
    co_await rig.server.next();
    co_await rig.server.drain();
    co_await rig.server.respond(response(200), chunked());
    co_await rig.server.write("half");
    rig.server.abort();
    CHECK_THAT(rig.said(), Catch::EndsWith("4\r\nhalf\r\n"));
    CHECK(rig.wires.back->ended());
    CHECK_FALSE(rig.server.reusable());
  });
}

}  // namespace
}  // namespace regpass::transport
