// Why a connection could not be had: each reason its own code, in its own phase.
#include "tiny_server.hpp"
#include "transport/pool.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <string>

namespace regpass::transport {
namespace {

using namespace std::chrono_literals;
using namespace testing;
using kind = tiny_server::kind;

limits short_limits() {
  limits made;
  made.tls_within = 60ms;
  made.connect_within = 5s;
  return made;
}

// The error of a get that must fail.
async::task<error> refused(route to) {
  const auto on = co_await boost::asio::this_coro::executor;
  pool all(on, short_limits());
  auto got = co_await all.get(std::move(to));
  REQUIRE_FALSE(got);
  co_return got.error();
}

TEST_CASE("A closed port refuses the connection in the connect phase") {
  const std::string scheme = GENERATE("http", "https");
  run_task([&]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    tiny_server server(on, kind::http);
    const auto to = server.route(scheme);
    co_await server.stop();
    const auto why = co_await refused(to);
    CHECK(why.code == errc::refused);
    CHECK(why.when == phase::connect);
    CHECK(why.who == party::registry);
  });
}

TEST_CASE("An address that policy forbids is denied before anything is sent (T03)") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    tiny_server server(on, kind::https);
    auto to = server.route("https");
    to.allowed = [](const boost::asio::ip::address&) { return result<void>(fail(errc::denied, "loopback")); };
    const auto why = co_await refused(to);
    CHECK(why.code == errc::denied);
    CHECK(why.when == phase::resolve);
    CHECK(why.detail == "loopback");
    CHECK(server.accepted() == 0);
    co_await server.stop();
  });
}

TEST_CASE("A certificate of an unknown CA is untrusted, and the peer of the route is blamed (T24)") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    tiny_server server(on, kind::https);
    auto to = server.route("https");
    to.context = std::make_shared<tls::context>(common_tls().stranger);
    to.peer = party::token_server;
    const auto why = co_await refused(to);
    CHECK(why.code == errc::untrusted);
    CHECK(why.when == phase::tls);
    CHECK(why.who == party::token_server);
    co_await server.stop();
  });
}

TEST_CASE("A certificate for another name is a wrong name (T24)") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    tiny_server server(on, kind::https);
    auto to = server.route("https");
    to.origin.host = "localhost";
    const auto why = co_await refused(to);
    CHECK(why.code == errc::wrong_name);
    CHECK(why.when == phase::tls);
    co_await server.stop();
  });
}

TEST_CASE("A server that speaks plain HTTP instead of TLS is recognised") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    loopback door(on);
    const auto reply = [&]() -> async::task<void> {
      auto socket = co_await door.accept();
      auto wire = net::make_tcp_stream(std::move(socket), party::client);
      co_await net::write_one(*wire, "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
      std::string hello(1024, '\0');
      co_await wire->read_some(hello);
    };
    async::task_group servers(on);
    servers.spawn(reply(), "server");
    route to;
    to.origin = {"https", "127.0.0.1", door.port()};
    to.context = std::make_shared<tls::context>(common_tls().believer);
    to.allowed = [](const boost::asio::ip::address&) { return result<void>(); };
    const auto why = co_await refused(to);
    CHECK(why.code == errc::plain_http);
    CHECK(why.when == phase::tls);
    co_await servers.join();
  });
}

TEST_CASE("A server that accepts and stays silent is timed out in the TLS phase", "[limits.tls_timeout]") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    tiny_server server(on, kind::silent);
    const auto began = std::chrono::steady_clock::now();
    const auto why = co_await refused(server.route("https"));
    const auto took = std::chrono::steady_clock::now() - began;
    CHECK(why.code == errc::timed_out);
    CHECK(why.when == phase::tls);
    CHECK(why.who == party::registry);
    CHECK(took >= 60ms);
    CHECK(took < 3s);
    const auto none_left = [&] { return server.open_connections() == 0; };
    const auto closed = co_await wait_until(none_left);
    CHECK(closed);
    co_await server.stop();
  });
}

TEST_CASE("A server that hangs up during the handshake closed it, or reset it, in the TLS phase") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    tiny_server server(on, kind::hangs_up);
    const auto why = co_await refused(server.route("https"));
    CHECK((why.code == errc::closed || why.code == errc::reset));
    CHECK(why.when == phase::tls);
    CHECK(why.who == party::registry);
    co_await server.stop();
  });
}

TEST_CASE("A failed attempt leaves nothing in the pool") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    tiny_server server(on, kind::https);
    pool all(on, limits());
    auto to = server.route("https");
    auto stranger = to;
    stranger.context = std::make_shared<tls::context>(common_tls().stranger);
    auto failed = co_await all.get(stranger);
    CHECK_FALSE(failed);
    auto got = co_await all.get(to);
    REQUIRE(got);
    CHECK_FALSE((*got)->reused);
    got->reset();
    co_await server.stop();
  });
}

TEST_CASE("A connection that times out is blamed by its own deadline") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    tiny_server server(on, kind::silent);
    limits bounds;
    bounds.response_within = 40ms;
    pool all(on, bounds);
    auto got = co_await all.get(server.route("http"));
    REQUIRE(got);
    auto body = co_await ask(**got);
    REQUIRE_FALSE(body);
    const auto why = (*got)->blame(body.error());
    CHECK(why.code == errc::timed_out);
    CHECK(why.when == phase::head);
    CHECK_FALSE((*got)->reusable());
    got->reset();
    co_await server.stop();
  });
}

}  // namespace
}  // namespace regpass::transport
