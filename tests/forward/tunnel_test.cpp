// Hosts other than registries: tunnelled byte for byte, or passed as plain HTTP with nothing added.
#include "support/common_ground.hpp"
#include "support/proxy_under_test.hpp"
#include "support/reachable_address.hpp"

#include <catch2/catch.hpp>

using namespace regpass;
using namespace regpass::testing;
using namespace std::chrono_literals;

namespace {

// A server at an address that other hosts may have, and a proxy that allows them. Without such an address there is
// nothing to test.
struct other_host {
  explicit other_host(fake_server::scheme how = fake_server::scheme::https, const engine_settings& settings = {})
      : address(reachable_address()), proxy(settings) {
    if (!address) {
      WARN("this machine has no address but loopback and special ones: not tested here");
      return;
    }
    server = std::make_unique<fake_server>(how, *address);
    proxy.change([&](forward::snapshot& from) {
      from.other_hosts.ports = {server->port()};
      from.other_hosts.deny_private_addresses = false;
    });
  }

  std::optional<std::string> address;
  proxy_under_test proxy;
  std::unique_ptr<fake_server> server;
};

ssl_context trusting_the_server() {
  return client_side(common_ground().upstream_ca.certificate());
}

}  // namespace

TEST_CASE("Another host is tunnelled: with its own certificate, and every byte in both directions", "[outward]") {
  other_host there;
  if (!there.server) return;
  constexpr std::uint64_t size = 4 * 1024 * 1024;
  there.server->on("PUT", "/x").stream(size);
  auto client = there.proxy.client();
  CHECK(client.connect(there.server->authority()).status == 200);
  REQUIRE(client.on().secure_as_client(trusting_the_server(), {}));
  client.send(
      "PUT /x HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer own\r\nConnection: x-a\r\nX-A: 1\r\nContent-Length: " +
      std::to_string(size) + "\r\n\r\n");
  CHECK(client.send(pattern(0, size)));
  const auto got = client.receive("PUT");
  CHECK(got.sha256 == sha256_of_pattern(size));
  const auto asked = there.server->requests()[0];
  CHECK(asked.sha256 == sha256_of_pattern(size));
  CHECK(asked.authorization() == "Bearer own");
  CHECK(asked.field("X-A") == "1");
  CHECK_FALSE(asked.has("Via"));
}

TEST_CASE("T19 bytes sent together with a CONNECT go to its host after the 200", "[outward]") {
  other_host there(fake_server::scheme::http);
  if (!there.server) return;
  there.server->on("GET", "/x").body("spliced");
  auto client = there.proxy.client();
  const auto at = there.server->authority();
  client.send("CONNECT " + at + " HTTP/1.1\r\nHost: " + at + "\r\n\r\nGET /x HTTP/1.1\r\nHost: h\r\n\r\n");
  CHECK(client.receive("CONNECT").status == 200);
  CHECK(client.receive().body == "spliced");
}

TEST_CASE("A half-close passes through a tunnel, and the other direction finishes (F02)", "[outward]") {
  other_host there(fake_server::scheme::http);
  if (!there.server) return;
  there.server->on("GET", "/x").delay(100ms).stream(300'000).close();
  auto client = there.proxy.client();
  CHECK(client.connect(there.server->authority()).status == 200);
  client.send("GET /x HTTP/1.1\r\nHost: h\r\n\r\n");
  client.on().half_close();
  const auto got = client.receive();
  CHECK(got.complete);
  CHECK(got.body_size == 300'000);
  CHECK(client.ends());
  const auto lines = (there.proxy.at_rest(), there.proxy.log_lines("tunnel"));
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].at("bytes_in").to_number<std::size_t>() == 28);
  CHECK(lines[0].at("bytes_out").to_number<std::size_t>() > 300'000);
  CHECK(lines[0].at("host").as_string() == there.server->authority());
}

TEST_CASE("T22 an idle tunnel is closed", "[outward][limits.tunnel_idle_timeout]") {
  engine_settings settings;
  settings.tunnel_idle = 300ms;
  other_host there(fake_server::scheme::http, settings);
  if (!there.server) return;
  auto client = there.proxy.client();
  CHECK(client.connect(there.server->authority()).status == 200);
  CHECK(client.ends());
  CHECK(there.proxy.at_rest());
}

TEST_CASE("A tunnel to an unreachable host is 503 with the reason in its status line", "[outward]") {
  other_host there;
  if (!there.server) return;
  const auto at = there.server->authority();
  there.server.reset();
  auto client = there.proxy.client();
  const auto got = client.connect(at);
  CHECK(got.status == 503);
  CHECK(got.reason.find(*there.address) != std::string::npos);
  CHECK(client.read_to_end().find("\"errors\"") != std::string::npos);
}

TEST_CASE("Plain HTTP to another host is passed unchanged in both directions", "[outward]") {
  other_host there(fake_server::scheme::http);
  if (!there.server) return;
  there.server->on("GET", "/v2/x?a=b%2Fc")
      .answer(401, "Who Are You")
      .header("WWW-Authenticate", "Basic realm=\"x\"")
      .body("no");
  auto client = there.proxy.client();
  client.send("GET " + there.server->url("/v2/x?a=b%2Fc") +
              " HTTP/1.1\r\nHost: other.test\r\nAuthorization: Bearer own\r\nProxy-Authorization: Basic eDp5\r\n\r\n");
  const auto got = client.receive();
  CHECK(got.status == 401);
  CHECK(got.reason == "Who Are You");
  CHECK(got.field("WWW-Authenticate") == "Basic realm=\"x\"");
  CHECK(got.body == "no");
  const auto asked = there.server->requests();
  REQUIRE(asked.size() == 1);
  CHECK(asked[0].target == "/v2/x?a=b%2Fc");
  CHECK(asked[0].field("Host") == there.server->authority());
  CHECK(asked[0].authorization() == "Bearer own");
  CHECK_FALSE(asked[0].has("Proxy-Authorization"));
}

TEST_CASE("Other hosts can be refused, entirely or by port, and the refusal says what would allow them", "[outward]") {
  other_host there;
  if (!there.server) return;
  const bool all = GENERATE(true, false);
  there.proxy.change([&](forward::snapshot& from) {
    from.other_hosts.action = all ? forward::other_hosts::what::refuse : forward::other_hosts::what::tunnel;
    from.other_hosts.ports = {443, 80};
  });
  const bool connect = GENERATE(true, false);
  auto client = there.proxy.client();
  if (!connect) client.send("GET http://" + there.server->authority() + "/ HTTP/1.1\r\nHost: x\r\n\r\n");
  const auto got = connect ? client.connect(there.server->authority()) : client.receive();
  CHECK(got.status == 403);
  CHECK(got.field("X-Regpass-Cause") == "policy-refused");
  CHECK(got.reason.find(all ? "action" : "ports") != std::string::npos);
  CHECK(there.server->connections() == 0);
}

TEST_CASE("T03 a host on a private address is reached only when the configuration says so", "[outward]") {
  other_host there;
  if (!there.server) return;
  there.proxy.change([](forward::snapshot& from) { from.other_hosts.deny_private_addresses = true; });
  auto client = there.proxy.client();
  const auto got = client.connect(there.server->authority());
  if (got.status == 200) return;  // the machine's address is a public one
  CHECK(got.status == 403);
  CHECK(got.field("X-Regpass-Cause") == "address-refused");
  CHECK(there.server->connections() == 0);
}
