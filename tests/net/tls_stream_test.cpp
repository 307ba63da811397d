#include "regpass/net/tls_stream.hpp"

#include "tls_ends.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <string>

namespace regpass::net {
namespace {

using namespace testing;

TEST_CASE("A handshake succeeds however the bytes are split, and data flows both ways") {
  const std::size_t piece = GENERATE(values<std::size_t>({unbounded, 1, 7, 1000}));
  INFO(piece);
  run_task([&]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    memory_pair wires(on);
    wires.there->cut({}, piece);
    wires.back->cut({}, piece);
    tls_ends ends(wires);
    co_await ends.shake();
    REQUIRE(ends.client_shook);
    REQUIRE(ends.server_shook);
    CHECK(ends.client.engine().version() == "TLSv1.3");
    CHECK(ends.server.engine().asked_name() == "registry.test");
    const std::array<std::string_view, 3> parts{"GET ", "/v2/", " HTTP/1.1"};
    auto written = co_await ends.client.write_all(parts);
    CHECK(written);
    const auto question = co_await read_up_to(ends.server, 100);
    CHECK(question == "GET /v2/ HTTP/1.1");
    written = co_await write_one(ends.server, "200");
    CHECK(written);
    const auto answer = co_await read_up_to(ends.client, 100);
    CHECK(answer == "200");
  });
}

TEST_CASE("A client that does not trust the certificate sends an alert, which the server gets when it reads") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    memory_pair wires(on);
    tls_ends ends(wires, common_tls().stranger);
    co_await ends.shake();
    REQUIRE_FALSE(ends.client_shook);
    CHECK(ends.client_shook.error().code == errc::untrusted);
    CHECK(ends.client_shook.error().who == party::registry);
    if (ends.server_shook) {
      const auto got = co_await read_up_to(ends.server, 100);
      REQUIRE_FALSE(got);
      CHECK(got.error().code == errc::distrusted);
      CHECK(got.error().who == party::client);
    } else {
      CHECK(ends.server_shook.error().code == errc::distrusted);
    }
  });
}

TEST_CASE("A certificate for another name is not accepted (T24)") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    memory_pair wires(on);
    tls_ends ends(wires, common_tls().believer, "evil.test");
    co_await ends.shake();
    REQUIRE_FALSE(ends.client_shook);
    CHECK(ends.client_shook.error().code == errc::wrong_name);
  });
}

TEST_CASE("A server that answers in plain HTTP is distinguished from broken TLS") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    memory_pair wires(on);
    tls_stream client(std::move(wires.near), common_tls().believer, client_options());
    wires.back->put("HTTP/1.1 400 Bad Request\r\n\r\n");
    auto done = co_await client.handshake();
    REQUIRE_FALSE(done);
    CHECK(done.error().code == errc::plain_http);
  });
}

TEST_CASE("An orderly end stays an end for every read, and the other direction still works") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    memory_pair wires(on);
    tls_ends ends(wires);
    co_await ends.shake();
    co_await write_one(ends.server, "last words");
    auto shut = co_await ends.server.shut_write();
    CHECK(shut);
    CHECK(wires.back->ended());
    auto got = co_await read_up_to(ends.client, 100);
    CHECK(got == "last words");
    got = co_await read_up_to(ends.client, 100);
    CHECK(got == "");
    got = co_await read_up_to(ends.client, 100);
    CHECK(got == "");
    auto written = co_await write_one(ends.client, "still here");
    CHECK(written);
    got = co_await read_up_to(ends.server, 100);
    CHECK(got == "still here");
  });
}

TEST_CASE("A stream truncated below TLS is an error, not an end (P7)") {
  const bool in_a_record = GENERATE(false, true);
  run_task([&]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    memory_pair wires(on);
    tls_ends ends(wires);
    co_await ends.shake();
    co_await write_one(ends.server, "whole");
    co_await read_up_to(ends.client, 100);
    if (in_a_record) {
      co_await write_one(ends.server, "cut off");
      const auto record = wires.back->take();
      wires.back->put(record.substr(0, record.size() / 2));
    }
    ends.server.close();
    auto got = co_await read_up_to(ends.client, 100);
    REQUIRE_FALSE(got);
    CHECK(got.error().code == errc::truncated);
    got = co_await read_up_to(ends.client, 100);
    CHECK_FALSE(got);
  });
}

TEST_CASE("Reads and writes pass on a failure of the stream below") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    memory_pair wires(on);
    tls_ends ends(wires);
    co_await ends.shake();
    wires.there->fail_writes(errc::reset);
    wires.back->fail_reads(errc::reset);
    auto written = co_await write_one(ends.client, "x");
    REQUIRE_FALSE(written);
    CHECK(written.error().code == errc::reset);
    wires.back->take();
    const auto got = co_await read_up_to(ends.client, 100);
    REQUIRE_FALSE(got);
    CHECK(got.error().code == errc::reset);
  });
}

TEST_CASE("A peer that disconnects during the handshake is reported as closed, at any byte") {
  const std::size_t bytes = GENERATE(0U, 1U, 100U);
  run_task([&]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    memory_pair wires(on);
    tls_stream server(std::move(wires.far), common_tls().server, server_options());
    tls_stream client(std::move(wires.near), common_tls().believer, client_options());
    const auto shake_client = [&]() -> async::task<void> { co_await client.handshake(); };
    async::task_group clients(on);
    clients.spawn(shake_client(), "client");
    co_await let_others_run();
    const auto hello = wires.there->take();
    wires.there->put(hello.substr(0, bytes));
    client.close();
    co_await clients.join();
    auto done = co_await server.handshake();
    REQUIRE_FALSE(done);
    CHECK(done.error().code == errc::closed);
    CHECK(done.error().who == party::client);
  });
}

TEST_CASE("Closing a stream ends its own handshake") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    memory_pair wires(on);
    tls_stream client(std::move(wires.near), common_tls().believer, client_options());
    result<void> shook;
    const auto shake = [&]() -> async::task<void> { shook = co_await client.handshake(); };
    async::task_group clients(on);
    clients.spawn(shake(), "client");
    co_await let_others_run();
    CHECK(clients.running() == 1);
    client.close();
    co_await clients.join();
    REQUIRE_FALSE(shook);
    CHECK(shook.error().code == errc::cancelled);
  });
}

}  // namespace
}  // namespace regpass::net
