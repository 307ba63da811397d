// CONNECT, and the TLS that regpass intercepts after it (T19, T20).
#include "support/common_ground.hpp"
#include "support/proxy_under_test.hpp"

#include <catch2/catch.hpp>

using namespace regpass;
using namespace regpass::testing;
using namespace std::chrono_literals;

namespace {

const std::string manifest = "/v2/team-a/app/manifests/1";

engine_settings hasty() {
  engine_settings settings;
  settings.bounds.tls_within = 300ms;
  return settings;
}

}  // namespace

TEST_CASE("A client that opens a connection for each request is served over one upstream connection") {
  token_scene scene;
  scene.registry.on("GET", manifest).body("{}");
  for (int i = 0; i < 30; ++i) {
    auto client = scene.inside();
    const auto got = client.ask("GET", manifest, {{"Connection", "close"}});
    CHECK(got.status == 200);
    CHECK(got.field("Connection") == "close");
    CHECK(client.ends());
    CHECK_FALSE(client.on().cut());
  }
  CHECK(scene.registry.connections() == 1);
  CHECK(scene.tokens.count() == 1);
}

TEST_CASE("Half-open connections are normal and are not reported as distrust") {
  open_scene scene;
  const auto how_far = GENERATE(0, 1, 2, 3);
  {
    auto client = scene.proxy.client();
    if (how_far >= 1) CHECK(client.connect(scene.registry.authority()).status == 200);
    if (how_far == 2) client.send(std::string("\x16\x03\x01\x02\x00\x01\x00\x01", 8));  // some of a ClientHello
    if (how_far == 3) client.on().reset();
  }
  CHECK(scene.proxy.at_rest());
  CHECK(scene.proxy.finished(0).empty());
  for (const auto& line : scene.proxy.log_lines()) CHECK(line.at("level").as_string() == "debug");
}

TEST_CASE("A client that does not trust the CA is reported") {
  open_scene scene;
  auto client = scene.proxy.client();
  CHECK(client.connect(scene.registry.authority()).status == 200);
  const auto stranger = test_ca::make("Another CA");
  CHECK_FALSE(client.on().secure_as_client(client_side(stranger.certificate()), {.name = "127.0.0.1"}));
  const auto done = scene.proxy.finished();
  REQUIRE(done.size() == 1);
  REQUIRE(done[0].explanation.has_value());
  CHECK(done[0].explanation->cause == "client-distrusts-ca");
  const auto lines = scene.proxy.log_lines("client-rejected");
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].at("level").as_string() == "warn");
  CHECK(lines[0].at("registry").as_string() == scene.registry.authority());
}

TEST_CASE("T22 a handshake that is not done in time is ended, and is not reported as distrust",
          "[limits.tls_timeout]") {
  open_scene scene(hasty());
  auto client = scene.proxy.client();
  CHECK(client.connect(scene.registry.authority()).status == 200);
  CHECK(client.ends());
  CHECK(scene.proxy.at_rest());
  for (const auto& one : scene.proxy.finished(0)) {
    REQUIRE(one.explanation.has_value());
    CHECK(one.explanation->cause != "client-distrusts-ca");
  }
}

TEST_CASE("Anything but TLS after a CONNECT ends the connection, and nothing is sent upstream") {
  open_scene scene;
  auto client = scene.proxy.client();
  CHECK(client.connect(scene.registry.authority()).status == 200);
  client.send("GET /v2/ HTTP/1.1\r\nHost: " + scene.registry.authority() + "\r\n\r\n");
  client.read_to_end();
  CHECK(scene.registry.connections() == 0);
}

TEST_CASE("With http2 = off HTTP/1.1 is chosen from what a client offers") {
  using offers = std::vector<std::string>;
  open_scene scene;
  scene.proxy.serve(scene.registry, [](auto& options) { options.http2 = forward::http2_use::off; });
  scene.registry.on("GET", manifest).body("{}");
  const auto offered = GENERATE(offers(), offers(1, "http/1.1"), offers({"h2", "http/1.1"}), offers(1, "h2"));
  const bool too_new = offered == offers(1, "h2");
  const std::string chosen = offered.empty() ? "" : "http/1.1";
  auto client = scene.proxy.client();
  CHECK(client.connect(scene.registry.authority()).status == 200);
  REQUIRE(client.secure({.name = "127.0.0.1", .sni = {}, .alpn = offered}) == !too_new);
  if (too_new) return;
  CHECK(client.alpn() == chosen);
  CHECK(client.ask("GET", manifest).status == 200);
}

TEST_CASE("T20 SNI with another name than CONNECT fails the handshake") {
  open_scene scene;
  const auto port = std::to_string(scene.registry.port());
  scene.proxy.serve("localhost:" + port, true);
  scene.registry.on("GET", manifest).body("{}");
  const auto [host, sni, good] = GENERATE(table<std::string, std::string, bool>({
      {"localhost", "localhost", true},
      {"localhost", "LOCALHOST", true},
      {"localhost", "", true},
      {"localhost", "evil.test", false},
      {"127.0.0.1", "evil.test", false},
      {"127.0.0.1", "localhost", false},
      {"127.0.0.1", "", true},
  }));
  INFO(host << " " << sni);
  auto client = scene.proxy.client();
  CHECK(client.connect(host + ":" + port).status == 200);
  CHECK(client.secure({.name = host, .sni = sni, .alpn = {}}) == good);
  if (good) CHECK(client.ask("GET", manifest).status == 200);
  if (!good) CHECK(scene.registry.connections() == 0);
}

TEST_CASE("T20 a Host that differs from CONNECT is 421 and closes the connection") {
  token_scene scene;
  fake_server other;
  scene.proxy.serve(other);
  const std::vector<std::string> hosts{other.authority(),
                                       "127.0.0.1",
                                       "127.0.0.1:443",
                                       "evil.test",
                                       "localhost:" + std::to_string(scene.registry.port()),
                                       "alice@" + scene.registry.authority(),
                                       scene.registry.authority() + "/",
                                       ""};
  const auto& host = hosts[static_cast<std::size_t>(GENERATE(range(0, 8)))];
  INFO(host);
  auto client = scene.inside();
  client.send("GET " + manifest + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n" +
              "GET /v2/ HTTP/1.1\r\nHost: " + scene.registry.authority() + "\r\n\r\n");
  const auto got = client.receive();
  CHECK(got.status == 421);
  CHECK(got.field("Connection") == "close");
  CHECK(client.ends());
  CHECK(scene.registry.connections() == 0);
  CHECK(other.connections() == 0);
}

TEST_CASE("T20 Host may name the target in capitals") {
  open_scene scene;
  const auto port = std::to_string(scene.registry.port());
  scene.proxy.serve("localhost:" + port, true);
  scene.registry.on("GET", manifest).body("{}");
  auto client = scene.proxy.client();
  CHECK(client.connect("LocalHost:" + port).status == 200);
  REQUIRE(client.secure({.name = "localhost", .sni = "localhost", .alpn = {}}));
  CHECK(client.ask("GET", manifest).status == 200);
  CHECK(scene.registry.requests()[0].field("Host") == "localhost:" + port);
}

TEST_CASE("T19 a refused CONNECT closes the connection, and what follows it is not read") {
  token_scene scene;
  auto client = scene.proxy.client();
  client.send("CONNECT 127.0.0.1:1 HTTP/1.1\r\nHost: 127.0.0.1:1\r\n\r\nCONNECT " + scene.registry.authority() +
              " HTTP/1.1\r\nHost: x\r\n\r\n");
  const auto got = client.receive_head("CONNECT");
  CHECK(got.status == 403);
  CHECK(got.field("Connection") == "close");
  const auto rest = client.read_to_end();
  CHECK(rest.find("HTTP/1.1") == std::string::npos);
  CHECK(scene.registry.connections() == 0);
}

TEST_CASE("T19 Upgrade is removed, and a registry that switches protocols is an error") {
  open_scene scene;
  scene.registry.on("GET", manifest).interim("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n").body("{}");
  auto client = scene.inside();
  const auto got = client.ask("GET", manifest, {{"Connection", "Upgrade"}, {"Upgrade", "x"}});
  CHECK(got.status == 502);
  CHECK(client.interims() == 0);
  CHECK_FALSE(scene.registry.requests()[0].has("Upgrade"));
}

TEST_CASE("A registry removed from the configuration is not served any more on an open connection") {
  token_scene scene;
  scene.registry.on("GET", manifest).body("{}");
  auto client = scene.inside();
  CHECK(client.ask("GET", manifest).status == 200);
  scene.proxy.change([](forward::snapshot& from) { from.registries.clear(); });
  client.request("GET", manifest);
  CHECK(client.ends());
  CHECK(scene.registry.requests().size() == 2);
}
