// Silent connections at the side listeners, and the probe that comes after them.
#include "daemon/side_listeners.hpp"

#include "regpass/async/worker.hpp"
#include "regpass/net/endpoint.hpp"
#include "support/raw_client.hpp"

#include <catch2/catch.hpp>

#include <deque>

using namespace regpass;
using namespace regpass::testing;

namespace {

admin::responder yes() {
  return [](const admin::call&) -> async::task<admin::reply> { co_return admin::plain(200, "yes"); };
}

// The port behind "health 127.0.0.1:40000".
std::uint16_t port_in(const std::string& shown) {
  return net::parse_endpoint(shown.substr(shown.find(' ') + 1)).value().port();
}

message ask(std::uint16_t port) {
  raw_client client(port);
  client.address("127.0.0.1");
  return client.ask("GET", "/livez");
}

}  // namespace

TEST_CASE("Silent connections block no other listener, and their own only briefly") {
  async::worker worker;
  transport::limits bounds;
  bounds.idle_for = std::chrono::milliseconds{1500};
  daemon::side_listeners listeners(worker.get_executor(), bounds);
  REQUIRE(listeners.open("page", std::string("127.0.0.1:0"), yes()));
  REQUIRE(listeners.open("health", std::string("127.0.0.1:0"), yes()));
  worker.start();
  const auto page = port_in(listeners.shown()[0]);
  const auto health = port_in(listeners.shown()[1]);
  std::deque<raw_client> silent;
  for (int i = 0; i < 64; ++i) silent.emplace_back(page);
  CHECK(ask(page).status == 200);  // after the silent connections were closed
  for (int i = 0; i < 64; ++i) silent.emplace_back(page);
  for (int i = 0; i < 3; ++i) {  // while they are still open; a new connection is always accepted
    raw_client probe(health);
    probe.address("127.0.0.1");
    probe.request("GET", "/livez");
    CHECK(probe.readable(std::chrono::milliseconds{300}));
    CHECK(probe.receive().status == 200);
  }
  worker.stop();
}

TEST_CASE("A3: a probe is answered at once, whatever connections its port has") {
  async::worker worker;
  const transport::limits bounds;
  daemon::side_listeners listeners(worker.get_executor(), bounds);
  REQUIRE(listeners.open("health", std::string("127.0.0.1:0"), yes()));
  worker.start();
  const auto health = port_in(listeners.shown()[0]);
  std::deque<raw_client> crowd;
  std::string behaviour = "that sends nothing";
  const auto sit = [&] {
    crowd.emplace_back(health);
    if (behaviour == "in the middle of a request") crowd.back().send("GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n");
    if (behaviour == "that sent a request and stays") {
      crowd.back().address("127.0.0.1");
      CHECK(crowd.back().ask("GET", "/livez").status == 200);
    }
  };
  SECTION("that sends nothing") {}
  SECTION("in the middle of a request") {
    behaviour = "in the middle of a request";
  }
  SECTION("that sent a request and stays") {
    behaviour = "that sent a request and stays";
  }
  for (int i = 0; i < 150; ++i) sit();
  for (int i = 0; i < 5; ++i) {
    for (int more = 0; more < 8; ++more) sit();
    raw_client probe(health);
    probe.address("127.0.0.1");
    probe.request("GET", "/livez");
    CHECK(probe.readable(std::chrono::milliseconds{1000}));
    CHECK(probe.receive().status == 200);
  }
  worker.stop();
}
