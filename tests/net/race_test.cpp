// The order in which addresses are tried; dial_names_test.cpp has the race itself.
#include "net/race.hpp"

#include "support/loopback.hpp"

#include <boost/asio/post.hpp>
#include <catch2/catch.hpp>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

namespace regpass::net {
namespace {

using namespace std::chrono_literals;
using strings = std::vector<std::string>;

strings ordered(const strings& resolved) {
  endpoints in;
  for (const auto& one : resolved) in.emplace_back(boost::asio::ip::make_address(one), 443);
  strings out;
  for (const auto& one : interleave_families(in)) out.push_back(one.address().to_string());
  return out;
}

TEST_CASE("Address families alternate, starting with that of the first address (RFC 8305 section 4)") {
  CHECK(ordered({"2001:db8::1", "2001:db8::2", "192.0.2.1", "192.0.2.2"}) ==
        strings{"2001:db8::1", "192.0.2.1", "2001:db8::2", "192.0.2.2"});
  CHECK(ordered({"192.0.2.1", "192.0.2.2", "2001:db8::1"}) == strings{"192.0.2.1", "2001:db8::1", "192.0.2.2"});
}

TEST_CASE("Within a family the resolver's order is kept, and no address of the longer family is lost") {
  CHECK(ordered({"192.0.2.3", "192.0.2.1", "192.0.2.2"}) == strings{"192.0.2.3", "192.0.2.1", "192.0.2.2"});
  CHECK(ordered({"2001:db8::1", "192.0.2.1", "192.0.2.2", "192.0.2.3"}) ==
        strings{"2001:db8::1", "192.0.2.1", "192.0.2.2", "192.0.2.3"});
}

TEST_CASE("Duplicate addresses are removed, and an empty list stays empty") {
  CHECK(ordered({"192.0.2.1", "2001:db8::1", "192.0.2.1", "2001:db8::1"}) == strings{"192.0.2.1", "2001:db8::1"});
  CHECK(ordered({}).empty());
}

TEST_CASE("A connection established exactly at the deadline wins") {
  testing::run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    testing::loopback door(on, "127.0.0.1");
    // The thread is busy with something else until both have happened.
    boost::asio::post(on, [] { std::this_thread::sleep_for(100ms); });
    const endpoints to(1, boost::asio::ip::tcp::endpoint(boost::asio::ip::make_address("127.0.0.1"), door.port()));
    auto won = co_await race(to, std::chrono::steady_clock::now() + 50ms, party::registry);
    CHECK(won);
  });
}

}  // namespace
}  // namespace regpass::net
