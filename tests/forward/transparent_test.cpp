// Redirected connections: what clients send that know nothing of a proxy, and where it goes.
#include "support/common_ground.hpp"
#include "support/proxy_under_test.hpp"
#include "support/reachable_address.hpp"

#include <catch2/catch.hpp>

using namespace regpass;
using namespace regpass::testing;
using namespace std::chrono_literals;

namespace {

const std::string manifest = "/v2/team-a/app/manifests/1";
const std::string nowhere = "192.0.2.7";  // nobody answers there, and nobody is to be asked

// A registry that is called localhost, and a proxy that has a credential for it.
struct named_scene {
  named_scene() {
    tokens.guard(registry);
    proxy.serve(authority(), true, [&](forward::registry_options& options) { options.realms = {tokens.realm()}; });
    proxy.credential(authority());
  }
  std::string authority() const { return "localhost:" + port(); }
  std::string port() const { return std::to_string(registry.port()); }
  // TLS that was meant for `address`, with the registry's name in it.
  raw_client inside(const std::string& address = "127.0.0.1") {
    auto client = proxy.captured(address + ":" + port(), authority());
    if (!client.secure({.name = "localhost", .sni = "localhost"})) throw std::runtime_error(client.failure());
    return client;
  }

  fake_server registry;
  fake_token_server tokens;
  proxy_under_test proxy;
};

// A server that is not a registry, at an address that regpass may connect to.
struct other_host {
  explicit other_host(fake_server::scheme how = fake_server::scheme::https) : address(reachable_address()) {
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
  raw_client captured(const std::string& host = "other.test") {
    return proxy.captured(server->authority(), host + ":" + std::to_string(server->port()));
  }

  std::optional<std::string> address;
  proxy_under_test proxy;
  std::unique_ptr<fake_server> server;
};

ssl_context trusting_the_server() {
  return client_side(common_ground().upstream_ca.certificate());
}

}  // namespace

TEST_CASE("Redirected TLS that names a registry is served with its credential, and the log has the mode") {
  named_scene scene;
  scene.registry.on("GET", manifest).body("{}");
  auto client = scene.inside();
  CHECK(client.ask("GET", manifest, {{"Authorization", "Bearer stale"}}).status == 200);
  const auto asked = scene.registry.requests("GET", manifest);
  REQUIRE_FALSE(asked.empty());
  CHECK(scene.tokens.is_good(asked.back().authorization()));
  CHECK(asked.back().field("Host") == scene.authority());
  client.on().close();
  CHECK(scene.proxy.at_rest());
  const auto lines = scene.proxy.log_lines("exchange");
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].at("mode").as_string() == "transparent");
  CHECK(lines[0].at("registry").as_string() == scene.authority());
  CHECK(scene.proxy.log_lines("destination-differs").empty());
}

TEST_CASE("T20 a registry's name at a foreign address: regpass connects to the name, not the address, and logs it") {
  named_scene scene;
  scene.registry.on("GET", manifest).body("{}");
  auto client = scene.inside(nowhere);
  CHECK(client.ask("GET", manifest).status == 200);
  CHECK(scene.registry.count("GET", manifest) > 0);
  client.on().close();
  CHECK(scene.proxy.at_rest());
  const auto lines = scene.proxy.log_lines("destination-differs");
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].at("original").as_string() == nowhere);
}

TEST_CASE("TLS without a name is served when the original address is a registry") {
  token_scene scene;
  scene.registry.on("GET", manifest).body("{}");
  auto client = scene.proxy.captured(scene.registry.authority(), scene.registry.authority());
  REQUIRE(client.secure({.name = "127.0.0.1"}));
  CHECK(client.ask("GET", manifest).status == 200);
  CHECK(scene.registry.count("GET", manifest) > 0);
}

TEST_CASE("T20 Host that names another host than SNI is 421") {
  named_scene scene;
  auto client = scene.inside();
  client.address("elsewhere.test:" + scene.port());
  CHECK(client.ask("GET", manifest).status == 421);
  CHECK(scene.registry.requests().empty());
}

TEST_CASE("T01 policy applies to redirected connections too") {
  named_scene scene;
  scene.proxy.serve(scene.authority(), true, [](forward::registry_options& options) { options.policy.push = {}; });
  auto client = scene.inside();
  const auto got = client.ask("PUT", manifest, {}, "{}");
  CHECK(got.status == 403);
  CHECK(got.field("X-Regpass-Cause") == "policy-refused");
  CHECK(scene.registry.requests().empty());
}

TEST_CASE("A client that does not trust the CA is reported in every mode") {
  named_scene scene;
  auto client = scene.proxy.captured("127.0.0.1:" + scene.port(), scene.authority());
  const auto stranger = test_ca::make("Another CA");
  CHECK_FALSE(
      client.on().secure_as_client(client_side(stranger.certificate()), {.name = "localhost", .sni = "localhost"}));
  const auto done = scene.proxy.finished();
  REQUIRE(done.size() == 1);
  REQUIRE(done[0].explanation.has_value());
  CHECK(done[0].explanation->cause == "client-distrusts-ca");
  CHECK(done[0].evidence.mode == diagnosis::client_mode::transparent);
}

TEST_CASE("TLS to another host is tunnelled to its original destination, byte for byte", "[outward]") {
  other_host there;
  if (!there.server) return;
  constexpr std::uint64_t size = 1024 * 1024;
  there.server->on("PUT", "/x").stream(size);
  const std::string sni = GENERATE("", "other.test");
  auto client = there.captured();
  REQUIRE(client.on().secure_as_client(trusting_the_server(), {.name = "", .sni = sni}));
  client.send("PUT /x HTTP/1.1\r\nHost: h\r\nX-A: 1\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n");
  CHECK(client.send(pattern(0, size)));
  CHECK(client.receive("PUT").sha256 == sha256_of_pattern(size));
  CHECK(there.server->requests()[0].sha256 == sha256_of_pattern(size));
  CHECK_FALSE(there.server->requests()[0].has("Via"));
  client.on().close();
  CHECK(there.proxy.at_rest());
  const auto lines = there.proxy.log_lines("tunnel");
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].at("mode").as_string() == "transparent");
  CHECK(lines[0].at("address").as_string() == *there.address);
  CHECK(lines[0].contains("remark") == sni.empty());
}

TEST_CASE("A stream that is neither TLS nor HTTP is tunnelled unchanged", "[outward]") {
  other_host there(fake_server::scheme::http);
  if (!there.server) return;
  there.server->on("GET", "/x").body("spliced");
  auto client = there.captured();
  // To us no request line; the server is lenient.
  const bool in_one = GENERATE(true, false);
  const std::string bytes = "\r\nGET /x HTTP/1.1\r\nHost: h\r\n\r\n";
  if (in_one) client.send(bytes);
  for (std::size_t i = 0; !in_one && i < bytes.size(); ++i) client.send(bytes.substr(i, 1));
  client.on().half_close();
  CHECK(holds_soon([&] { return there.server->connections() == 1; }));
  client.read_to_end();
  CHECK(there.proxy.at_rest());
  const auto lines = there.proxy.log_lines("tunnel");
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].at("bytes_in").to_number<std::size_t>() == bytes.size());
}

TEST_CASE("Redirected plain HTTP for other hosts is passed to the original address, with its own Host", "[outward]") {
  other_host there(fake_server::scheme::http);
  if (!there.server) return;
  there.server->on("GET", "/x").body("passed");
  auto client = there.captured("no-such-name.invalid");
  const auto got = client.ask("GET", "/x", {{"Authorization", "Bearer own"}});
  CHECK(got.status == 200);
  CHECK(got.body == "passed");
  const auto asked = there.server->requests();
  REQUIRE(asked.size() == 1);
  CHECK(asked[0].field("Host") == "no-such-name.invalid:" + std::to_string(there.server->port()));
  CHECK(asked[0].authorization() == "Bearer own");
}

TEST_CASE("Two addresses do not share connections, even under the same name", "[outward]") {
  other_host there(fake_server::scheme::http);
  if (!there.server) return;
  there.server->on("GET", "/x").body("passed");
  CHECK(there.captured("one.test").ask("GET", "/x").status == 200);
  // Nobody listens on the other address, so a pooled connection to the first would show.
  auto elsewhere = there.proxy.captured("127.0.0.3:" + std::to_string(there.server->port()),
                                        "one.test:" + std::to_string(there.server->port()));
  CHECK(elsewhere.ask("GET", "/x").status == 403);  // loopback is refused
  CHECK(there.server->count("GET", "/x") == 1);
}

TEST_CASE("Redirected plain HTTP to a registry is refused with the reason") {
  named_scene scene;
  auto client = scene.proxy.captured("127.0.0.1:" + scene.port(), scene.authority());
  const auto got = client.ask("GET", manifest);
  CHECK(got.status == 403);
  CHECK(got.reason.find("plain HTTP") != std::string::npos);
  CHECK(scene.registry.connections() == 0);
}

TEST_CASE("Redirected plain HTTP to a registry without TLS is served") {
  fake_server registry(fake_server::scheme::http);
  proxy_under_test proxy;
  const auto authority = "localhost:" + std::to_string(registry.port());
  proxy.serve(authority, false);
  registry.on("GET", manifest).body("{}");
  auto client = proxy.captured(nowhere + ":" + std::to_string(registry.port()), authority);
  CHECK(client.ask("GET", manifest).status == 200);
  CHECK(registry.count("GET", manifest) == 1);
}

TEST_CASE("A redirected request to another proxy is served as on the proxy port") {
  named_scene scene;
  scene.registry.on("GET", manifest).body("{}");
  auto client = scene.proxy.captured(nowhere + ":80", "");
  CHECK(client.connect(scene.authority()).status == 200);
  REQUIRE(client.secure());
  CHECK(client.ask("GET", manifest).status == 200);
  CHECK(scene.registry.count("GET", manifest) > 0);
  const auto lines = scene.proxy.log_lines("captured-proxy");
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].at("proxy").as_string() == nowhere + ":80");
}

TEST_CASE("T03 redirected connections reach no loopback, metadata or forbidden port, and TLS clients get an alert") {
  proxy_under_test proxy;
  fake_server canary;
  const auto port = std::to_string(canary.port());
  proxy.change([&](forward::snapshot& from) {
    from.other_hosts.deny_private_addresses = false;
    from.other_hosts.ports = {443, canary.port()};
  });
  const std::vector<std::string> originals{
      "127.0.0.1:" + port, "127.0.0.2:" + port,   "[::ffff:127.0.0.1]:" + port,   "[::1]:" + port,
      "0.0.0.0:" + port,   "169.254.169.254:443", "[::ffff:169.254.169.254]:443", "8.8.8.8:25"};
  const auto& original = originals[static_cast<std::size_t>(GENERATE(range(0, 8)))];
  INFO(original);
  auto client = proxy.captured(original, "");
  CHECK_FALSE(client.on().secure_as_client(trusting_the_server(), {.name = "", .sni = "other.test"}));
  CHECK(client.failure().find("access denied") != std::string::npos);
  const auto done = proxy.finished();
  REQUIRE(done.size() == 1);
  REQUIRE(done[0].explanation.has_value());
  CHECK(done[0].evidence.mode == diagnosis::client_mode::transparent);
  CHECK(canary.connections() == 0);
}

TEST_CASE("Redirected plain HTTP to an upgraded registry arrives there over TLS, and its Locations stay plain") {
  named_scene scene;
  const std::string uploads = "/v2/team-a/app/blobs/uploads/";
  scene.proxy.serve(scene.authority(), true, [&](forward::registry_options& options) {
    options.realms = {scene.tokens.realm()};
    options.upgrade_plain_http = true;
  });
  scene.registry.on("POST", uploads).answer(202, "Accepted").header("Location", "https://" + scene.authority() + "/1");
  auto client = scene.proxy.captured("127.0.0.1:" + scene.port(), scene.authority());
  const auto got = client.ask("POST", uploads, {{"Authorization", "Bearer stale"}});
  CHECK(got.status == 202);
  CHECK(got.field("Location") == "http://" + scene.authority() + "/1");
  const auto last = scene.registry.requests("POST", uploads).back();  // the server speaks nothing but TLS
  CHECK(last.authorization().find(fake_token_server::token_canary) != std::string::npos);
}

TEST_CASE("Clients that connect and leave, or send half a message, leave nothing behind") {
  named_scene scene;
  const auto how_far = GENERATE(0, 1, 2);
  {
    auto client = scene.proxy.captured(nowhere + ":443", "");
    if (how_far == 1) client.send(std::string("\x16\x03\x01\x02\x00\x01\x00\x01", 8));
    if (how_far == 1) client.on().reset();
    if (how_far == 2) client.send("GE");
    if (how_far == 2) client.on().reset();
  }
  CHECK(scene.proxy.at_rest());
  CHECK(scene.proxy.finished(0).empty());
}
