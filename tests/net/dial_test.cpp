#include "regpass/net/dial.hpp"

#include "support/loopback.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <string>
#include <vector>

namespace regpass::net {
namespace {

using namespace std::chrono_literals;
using boost::asio::ip::address;
using testing::closed_port;
using testing::loopback;
using testing::run_task;

result<void> anything(const address&) {
  return {};
}

result<void> nothing(const address& to) {
  return fail(errc::denied, to.to_string() + " is not allowed");
}

dial_target target_of(std::string host, std::uint16_t port, address_filter allowed = anything) {
  dial_target made;
  made.host = std::move(host);
  made.port = port;
  made.allowed = std::move(allowed);
  made.within = 5s;
  return made;
}

TEST_CASE("An address is dialled without the resolver") {
  const std::string host = GENERATE("127.0.0.1", "::1");
  run_task([&]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    loopback door(on, host.c_str());
    auto target = target_of(host, door.port());
    auto reached = co_await dial(std::move(target));
    REQUIRE(reached);
    CHECK(reached->address == host);
    CHECK(reached->socket.remote_endpoint().port() == door.port());
    const auto accepted = co_await door.accept();
    CHECK(accepted.remote_endpoint() == reached->socket.local_endpoint());
  });
}

TEST_CASE("A closed port refuses the connection, and the error names the address") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    const auto port = closed_port(on);
    auto target = target_of("127.0.0.1", port);
    target.blame = party::token_server;
    auto reached = co_await dial(std::move(target));
    REQUIRE_FALSE(reached);
    CHECK(reached.error().code == errc::refused);
    CHECK(reached.error().when == phase::connect);
    CHECK(reached.error().who == party::token_server);
    CHECK(reached.error().os == ECONNREFUSED);
    CHECK_THAT(reached.error().detail, Catch::Contains("127.0.0.1:" + std::to_string(port)));
  });
}

TEST_CASE("Errors show IPv6 addresses in brackets") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    const auto port = loopback(on, "::1").port();
    auto target = target_of("::1", port);
    auto reached = co_await dial(std::move(target));
    REQUIRE_FALSE(reached);
    CHECK_THAT(reached.error().detail, Catch::Contains("[::1]:" + std::to_string(port)));
  });
}

TEST_CASE("Address literals are filtered as well, and not connected to (T03)") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    loopback door(on);
    std::vector<std::string> asked;
    const auto judge = [&](const address& to) {
      asked.push_back(to.to_string());
      return nothing(to);
    };
    auto target = target_of("127.0.0.1", door.port(), judge);
    auto reached = co_await dial(std::move(target));
    REQUIRE_FALSE(reached);
    CHECK(reached.error().code == errc::denied);
    CHECK(reached.error().when == phase::resolve);
    CHECK(reached.error().detail == "127.0.0.1 is not allowed");
    CHECK(asked == std::vector<std::string>{"127.0.0.1"});
  });
}

TEST_CASE("Without a filter no connection is made") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    loopback door(on);
    auto target = target_of("127.0.0.1", door.port(), nullptr);
    auto reached = co_await dial(std::move(target));
    REQUIRE_FALSE(reached);
    CHECK(reached.error().code == errc::denied);
  });
}

TEST_CASE("An address that drops packets times out in the connect phase") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    const testing::black_hole silent(on, "127.0.0.1", 0);
    co_await testing::pause(20ms);
    auto target = target_of("127.0.0.1", silent.port());
    target.within = 100ms;
    const auto began = std::chrono::steady_clock::now();
    auto reached = co_await dial(std::move(target));
    const auto took = std::chrono::steady_clock::now() - began;
    REQUIRE_FALSE(reached);
    CHECK(reached.error().code == errc::timed_out);
    CHECK(reached.error().when == phase::connect);
    CHECK_THAT(reached.error().detail, Catch::Contains("127.0.0.1:") && Catch::Contains("did not answer"));
    CHECK(took >= 90ms);
    CHECK(took < 2s);
  });
}

}  // namespace
}  // namespace regpass::net
