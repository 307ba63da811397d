#include "transport/pool.hpp"

#include "tiny_server.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace regpass::transport {
namespace {

using namespace std::chrono_literals;
using namespace testing;
using kind = tiny_server::kind;
using lease = std::unique_ptr<connection>;

// A connection that must be had.
async::task<lease> take(pool& from, route to, bool fresh = false) {
  auto got = co_await from.get(std::move(to), fresh);
  REQUIRE(got);
  co_return std::move(*got);
}

// Takes one, asks on it, and gives it back.
async::task<bool> visit(pool& by, route to, bool fresh = false) {
  auto one = co_await take(by, to, fresh);
  auto body = co_await ask(*one);
  CHECK(body == "ok");
  const bool reused = one->reused;
  by.put(to, std::move(one));
  co_return reused;
}

TEST_CASE("A connection is reused, with and without TLS, and has the details of its setup") {
  const bool secure = GENERATE(false, true);
  run_task([&]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    tiny_server server(on, secure ? kind::https : kind::http);
    pool all(on, limits());
    const auto to = server.route(secure ? "https" : "http");
    auto first = co_await take(all, to);
    CHECK_FALSE(first->reused);
    CHECK(first->address == "127.0.0.1");
    CHECK(first->tls_version == (secure ? "TLSv1.3" : ""));
    CHECK(first->resolved_in < 5s);
    auto body = co_await ask(*first);
    CHECK(body == "ok");
    const auto* which = first.get();
    all.put(to, std::move(first));
    for (int round = 0; round < 3; ++round) {
      auto again = co_await take(all, to);
      CHECK(again.get() == which);
      CHECK(again->reused);
      body = co_await ask(*again);
      CHECK(body == "ok");
      all.put(to, std::move(again));
    }
    CHECK(server.accepted() == 1);
    all.clear();
    co_await server.stop();
  });
}

TEST_CASE("A connection may be given back while the first one to another origin is still in use") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    tiny_server server(on, kind::http);
    tiny_server other(on, kind::http);
    pool all(on, limits());
    auto first = co_await take(all, other.route("http"));
    co_await visit(all, server.route("http"));
    const auto reused = co_await visit(all, server.route("http"));
    CHECK(reused);
    co_await ask(*first);
    all.put(other.route("http"), std::move(first));
    all.clear();
    co_await server.stop();
    co_await other.stop();
  });
}

TEST_CASE("Connections are counted while they are open, and while they are idle") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    tiny_server server(on, kind::http);
    pool all(on, limits());
    const auto& count = upstream_connections();
    const std::size_t open = count.open;
    const std::size_t idle = count.idle;
    const auto to = server.route("http");
    auto first = co_await take(all, to);
    auto second = co_await take(all, to);
    CHECK(count.open == open + 2);
    CHECK(count.idle == idle);
    co_await ask(*first);
    all.put(to, std::move(first));
    CHECK(count.idle == idle + 1);
    first = co_await take(all, to);
    CHECK(first->reused);
    CHECK(count.open == open + 2);
    CHECK(count.idle == idle);
    co_await ask(*first);
    all.put(to, std::move(first));
    second.reset();
    CHECK(count.open == open + 1);
    all.clear();
    CHECK(count.open == open);
    CHECK(count.idle == idle);
    co_await server.stop();
  });
}

TEST_CASE("A connection in use is not lent to another") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    tiny_server server(on, kind::http);
    pool all(on, limits());
    const auto to = server.route("http");
    auto first = co_await take(all, to);
    auto second = co_await take(all, to);
    co_await ask(*first);
    co_await ask(*second);
    CHECK(server.accepted() == 2);
    co_await server.stop();
  });
}

TEST_CASE("A connection that the server closed while it was idle is replaced") {
  const bool secure = GENERATE(false, true);
  run_task([&]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    tiny_server server(on, secure ? kind::https : kind::http);
    server.answers_per_connection = 1;
    pool all(on, limits());
    const auto to = server.route(secure ? "https" : "http");
    for (int round = 0; round < 3; ++round) {
      const auto reused = co_await visit(all, to);
      CHECK_FALSE(reused);
      const auto gone = [&] { return server.open_connections() == 0; };
      co_await wait_until(gone);
      co_await pause(5ms);
    }
    CHECK(server.accepted() == 3);
    co_await server.stop();
  });
}

TEST_CASE("A connection with unexpected input is replaced (T16)") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    tiny_server server(on, kind::http);
    pool all(on, limits());
    const auto to = server.route("http");
    co_await visit(all, to);
    server.say_to_all("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
    co_await pause(20ms);
    const auto reused = co_await visit(all, to);
    CHECK_FALSE(reused);
    CHECK(server.accepted() == 2);
    all.clear();
    co_await server.stop();
  });
}

TEST_CASE("A fresh connection is a new one, and the idle one stays for the next") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    tiny_server server(on, kind::http);
    pool all(on, limits());
    const auto to = server.route("http");
    co_await visit(all, to);
    auto fresh = co_await take(all, to, true);
    CHECK_FALSE(fresh->reused);
    co_await ask(*fresh);
    CHECK(server.accepted() == 2);
    fresh.reset();
    const auto reused = co_await visit(all, to);
    CHECK(reused);
    CHECK(server.accepted() == 2);
    all.clear();
    co_await server.stop();
  });
}

TEST_CASE("Another origin or another trust set is another connection (T07)") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    tiny_server server(on, kind::https);
    tiny_server other(on, kind::https);
    pool all(on, limits());
    const auto to = server.route("https");
    co_await visit(all, to);

    auto lax = to;
    lax.trust.skip_verify = true;
    auto reused = co_await visit(all, lax);
    CHECK_FALSE(reused);
    auto with_client_key = to;
    with_client_key.trust.client_cert_file = "client.crt";
    reused = co_await visit(all, with_client_key);
    CHECK_FALSE(reused);
    reused = co_await visit(all, other.route("https"));
    CHECK_FALSE(reused);
    CHECK(server.accepted() == 3);
    CHECK(other.accepted() == 1);

    reused = co_await visit(all, to);
    CHECK(reused);
    reused = co_await visit(all, lax);
    CHECK(reused);
    CHECK(server.accepted() == 3);
    all.clear();
    co_await server.stop();
    co_await other.stop();
  });
}

TEST_CASE("A connection made for http is not used for https on the same port") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    tiny_server server(on, kind::http);
    pool all(on, limits());
    co_await visit(all, server.route("http"));
    auto got = co_await all.get(server.route("https"));
    REQUIRE_FALSE(got);
    CHECK(server.accepted() == 2);
    all.clear();
    co_await server.stop();
  });
}

TEST_CASE("No more idle connections than the bound are kept for an origin (P6)", "[limits.idle_per_origin]") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    tiny_server server(on, kind::http);
    limits bounds;
    bounds.idle_per_origin = 2;
    pool all(on, bounds);
    const auto to = server.route("http");
    std::vector<lease> in_use;
    for (int i = 0; i < 5; ++i) {
      auto one = co_await take(all, to);
      co_await ask(*one);
      in_use.push_back(std::move(one));
    }
    for (auto& one : in_use) all.put(to, std::move(one));
    const auto two_left = [&] { return server.open_connections() == 2; };
    const auto dropped = co_await wait_until(two_left);
    CHECK(dropped);
    in_use.clear();
    for (int i = 0; i < 3; ++i) {
      auto one = co_await take(all, to);
      in_use.push_back(std::move(one));
    }
    const auto a_new_one = [&] { return server.accepted() == 6; };
    const auto accepted = co_await wait_until(a_new_one);
    CHECK(accepted);
    in_use.clear();
    co_await server.stop();
  });
}

TEST_CASE("Connections beyond the bound are reused if the burst returns at once") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    tiny_server server(on, kind::http);
    limits bounds;
    bounds.idle_per_origin = 2;
    pool all(on, bounds);
    const auto to = server.route("http");
    for (int round = 0; round < 3; ++round) {
      std::vector<lease> in_use;
      for (int i = 0; i < 5; ++i) {
        auto one = co_await take(all, to);
        co_await ask(*one);
        in_use.push_back(std::move(one));
      }
      for (auto& one : in_use) all.put(to, std::move(one));
    }
    CHECK(server.accepted() == 5);
    all.clear();
    co_await server.stop();
  });
}

TEST_CASE("A connection is given back while none of another origin is idle any more") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    tiny_server server(on, kind::http);
    tiny_server other(on, kind::http);
    pool all(on, limits());
    co_await visit(all, other.route("http"));
    auto taken = co_await take(all, other.route("http"));
    co_await visit(all, server.route("http"));
    const auto reused = co_await visit(all, server.route("http"));
    CHECK(reused);
    taken.reset();
    all.clear();
    co_await server.stop();
    co_await other.stop();
  });
}

TEST_CASE("A connection that was idle for too long is closed, whichever origin is asked for") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    tiny_server server(on, kind::http);
    tiny_server other(on, kind::http);
    limits bounds;
    bounds.idle_for = 30ms;
    pool all(on, bounds);
    co_await visit(all, server.route("http"));
    co_await pause(60ms);
    co_await visit(all, other.route("http"));
    const auto none_left = [&] { return server.open_connections() == 0; };
    const auto closed = co_await wait_until(none_left);
    CHECK(closed);
    const auto reused = co_await visit(all, server.route("http"));
    CHECK_FALSE(reused);
    all.clear();
    co_await server.stop();
    co_await other.stop();
  });
}

TEST_CASE("A connection that was idle for too long is closed, even without further requests (P6)") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    tiny_server server(on, kind::http);
    limits bounds;
    bounds.idle_for = 50ms;
    pool all(on, bounds);
    for (int round = 0; round < 2; ++round) {
      co_await visit(all, server.route("http"));
      CHECK(server.open_connections() == 1);
      const auto none_left = [&] { return server.open_connections() == 0; };
      const auto closed = co_await wait_until(none_left);
      CHECK(closed);
    }
    co_await server.stop();
  });
}

TEST_CASE("A connection that cannot be reused is closed when it is returned") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    tiny_server server(on, kind::http);
    pool all(on, limits());
    const auto to = server.route("http");
    auto unread = co_await take(all, to);
    auto head_out = request("GET");
    co_await unread->http().send(std::move(head_out), no_body());
    all.put(to, std::move(unread));
    all.put(to, nullptr);
    server.connection_field = "close";
    auto closing = co_await take(all, to);
    CHECK_FALSE(closing->reused);
    co_await ask(*closing);
    CHECK_FALSE(closing->reusable());
    all.put(to, std::move(closing));
    const auto none_left = [&] { return server.open_connections() == 0; };
    const auto closed = co_await wait_until(none_left);
    CHECK(closed);
    CHECK(server.accepted() == 2);
    co_await server.stop();
  });
}

TEST_CASE("Clearing closes all idle connections") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    tiny_server server(on, kind::https);
    pool all(on, limits());
    co_await visit(all, server.route("https"));
    CHECK(server.open_connections() == 1);
    all.clear();
    const auto none_left = [&] { return server.open_connections() == 0; };
    const auto closed = co_await wait_until(none_left);
    CHECK(closed);
    co_await server.stop();
  });
}

}  // namespace
}  // namespace regpass::transport
