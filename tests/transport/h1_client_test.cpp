// What registries get, what their answers mean, and when their connections may be used again.
#include "regpass/transport/h1_connection.hpp"
#include "rigs.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace regpass::transport {
namespace {

using namespace testing;

const std::string ok = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody";

// Sends a request without a body and reads the whole answer that the test has said.
async::task<result<std::string>> ask(h1_client& client, std::string method = "GET") {
  auto head_out = request(std::move(method));
  auto sent = co_await client.send(std::move(head_out), no_body());
  if (!sent) co_return std::unexpected(sent.error());
  auto head = co_await client.head();
  if (!head) co_return std::unexpected(head.error());
  auto body = co_await read_all(client);
  co_return body;
}

struct framed_request {
  const char* what;
  http::framing body;
  std::string own_field;
  std::string bytes;
};

TEST_CASE("A request is framed as its body is announced, regardless of its head") {
  const std::string start = "PUT /v2/ HTTP/1.1\r\nHost: registry.test\r\n";
  const auto one = GENERATE_COPY(values<framed_request>({
      {"none", no_body(), "", start + "\r\n"},
      {"counted", counted(4), "", start + "Content-Length: 4\r\n\r\nbody"},
      {"chunked", chunked(), "", start + "Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n"},
      {"nothing, but said so", counted(0), "", start + "Content-Length: 0\r\n\r\n"},
      {"a length that was wrong", counted(4), "Content-Length: 9", start + "Content-Length: 4\r\n\r\nbody"},
      {"a length and chunks", chunked(), "Content-Length: 9",
       start + "Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n"},
      {"a length without body", no_body(), "Content-Length: 9", start + "\r\n"},
  }));
  INFO(one.what);
  run_task([&]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    client_rig rig(on);
    auto head = request("PUT");
    head.minor = 0;  // the client's version is not ours
    if (const auto colon = one.own_field.find(": "); colon != std::string::npos) {
      head.headers.add(one.own_field.substr(0, colon), one.own_field.substr(colon + 2));
    }
    auto sent = co_await rig.client.send(std::move(head), one.body);
    CHECK(sent);
    if (one.body.has_body()) co_await write_whole(rig.client, "body");
    CHECK(rig.said() == one.bytes);
  });
}

TEST_CASE("The head and the first piece of a body are sent in one write") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    client_rig rig(on);
    auto head = request("PUT");
    co_await rig.client.send(std::move(head), counted(8));
    CHECK(rig.said().empty());
    co_await rig.client.write("four");
    CHECK(rig.wires.there->writes() == 1);
    co_await rig.client.write("");
    CHECK(rig.wires.there->writes() == 1);
    co_await write_whole(rig.client, "more");
    CHECK(rig.wires.there->writes() == 2);
    CHECK_THAT(rig.said(), Catch::EndsWith("\r\n\r\nfourmore"));
  });
}

TEST_CASE("The head of an empty body is still sent") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    client_rig rig(on);
    auto head = request("PUT");
    co_await rig.client.send(std::move(head), chunked());
    co_await rig.client.finish(http::fields());
    CHECK_THAT(rig.said(), Catch::EndsWith("Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"));
  });
}

struct reuse {
  const char* what;
  std::string method;
  std::string response;
  bool reusable;
};

TEST_CASE("A connection is reusable only after an answer that was read to its definite end") {
  const auto one = GENERATE(values<reuse>({
      {"counted", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody", true},
      {"chunked", "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n", true},
      {"nothing", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", true},
      {"204", "GET", "HTTP/1.1 204 No Content\r\n\r\n", true},
      {"304", "GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 4\r\n\r\n", true},
      {"HEAD, counted", "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n", true},
      {"HEAD, chunked", "HEAD", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", true},
      {"an answer after 103", "GET", "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody",
       true},
      {"close", "GET", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4\r\n\r\nbody", false},
      {"1.0", "GET", "HTTP/1.0 200 OK\r\nContent-Length: 4\r\n\r\nbody", false},
      {"1.0 alive", "GET", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 4\r\n\r\nbody", true},
      {"more behind it (T16)", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbodyHTTP/1.1 200 OK\r\n\r\n", false},
      {"a line end behind it (T16)", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody\r\n", false},
      {"204 with a body (T16)", "GET", "HTTP/1.1 204 No Content\r\n\r\nbody", false},
      {"304 with a body (T16)", "GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 4\r\n\r\nbody", false},
      {"HEAD with a body (T16)", "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody", false},
      {"chunked HEAD with a body (T16)", "HEAD", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
       false},
  }));
  INFO(one.what);
  run_task([&]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    client_rig rig(on);
    CHECK_FALSE(rig.client.reusable());
    rig.say(one.response);
    auto head_out = request(one.method);
    co_await rig.client.send(std::move(head_out), no_body());
    auto head = co_await rig.client.head();
    while (head && http::is_interim(*head)) {
      CHECK_FALSE(rig.client.reusable());
      head = co_await rig.client.head();
    }
    REQUIRE(head);
    CHECK_FALSE(rig.client.reusable());
    auto body = co_await read_all(rig.client);
    REQUIRE(body);
    CHECK(rig.client.reusable() == one.reusable);
  });
}

TEST_CASE("A reusable connection carries another request") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    client_rig rig(on);
    for (int round = 0; round < 3; ++round) {
      rig.say(ok);
      auto body = co_await ask(rig.client);
      CHECK(body == "body");
      CHECK(rig.client.reusable());
    }
    auto next = request("GET");
    co_await rig.client.send(std::move(next), no_body());
    CHECK_FALSE(rig.client.reusable());
  });
}

TEST_CASE("After an early answer a connection is not reusable until the request has been sent completely") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    client_rig rig(on);
    auto head_out = request("PUT");
    co_await rig.client.send(std::move(head_out), counted(8));
    co_await rig.client.write("four");
    rig.say("HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno");
    auto head = co_await rig.client.head();
    REQUIRE(head);
    CHECK(head->status == 401);
    auto body = co_await read_all(rig.client);
    CHECK(body == "no");
    CHECK_FALSE(rig.client.reusable());
    co_await write_whole(rig.client, "more");
    CHECK(rig.client.reusable());
  });
}

TEST_CASE("A close-delimited body is complete when the connection ends") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    client_rig rig(on);
    rig.say("HTTP/1.1 200 OK\r\n\r\nall of it");
    rig.wires.back->end();
    auto body = co_await ask(rig.client);
    CHECK(body == "all of it");
    CHECK(rig.client.body().how == http::framing::kind::until_close);
    CHECK_FALSE(rig.client.reusable());
  });
}

TEST_CASE("Trailers of an answer are available after its last piece") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    client_rig rig(on);
    rig.say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\nDigest: abc\r\n\r\n");
    auto body = co_await ask(rig.client);
    CHECK(body == "body");
    CHECK(rig.client.trailers().get("Digest") == "abc");
  });
}

TEST_CASE("Aborting closes the connection, which is not reusable even after a complete answer") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    client_rig rig(on);
    rig.say(ok);
    co_await ask(rig.client);
    rig.client.abort();
    CHECK_FALSE(rig.client.reusable());
    CHECK(rig.wires.there->ended());
  });
}

}  // namespace
}  // namespace regpass::transport
