// Through a corporate proxy: exchanges, token requests and tunnels alike, and what is said when it gives no way.
#include "regpass/base/text.hpp"
#include "support/common_ground.hpp"
#include "support/fake_proxy.hpp"
#include "support/proxy_under_test.hpp"
#include "support/reachable_address.hpp"
#include "support/tls_pair.hpp"

#include <catch2/catch.hpp>

using namespace regpass;
using namespace regpass::testing;
using namespace std::chrono_literals;
using Catch::Contains;

namespace {

using strings = std::vector<std::string>;

const std::string registry_at = "registry.test:443";
const std::string token_server_at = "auth.test:443";
const std::string manifest = "/v2/team-a/app/manifests/1";
const std::string login = "builder:canary-proxy-password";

// Registry and token server have names that only the proxy can resolve.
struct corporate_scene {
  explicit corporate_scene(fake_proxy::scheme how = fake_proxy::scheme::http, const engine_settings& settings = {})
      : corp(how), proxy(settings) {
    corp.knows(registry_at, registry.port());
    corp.knows(token_server_at, tokens.server().port());
    registry.requirement(R"(Bearer realm="https://auth.test/token",service="test-registry")",
                         [this](const std::string& one) { return tokens.is_good(one); });
    registry.on("GET", manifest).body("{}");
    proxy.serve(registry_at, true,
                [](forward::registry_options& options) { options.realms = {"https://auth.test/token"}; });
    proxy.credential(registry_at);
    proxy.count_as_secret("canary-proxy-password");
    proxy.count_as_secret(base64(login));
    go_by(corp.url());
  }

  void go_by(const std::string& url, const std::string& except = "") {
    auto way = std::make_shared<net::upstream_proxy>();
    way->proxy = value_of(http::parse_proxy(url));
    way->except = http::no_proxy(except);
    if (way->proxy->at.scheme == "https") way->context = common_ground().upstream_context;
    proxy.change([&](forward::snapshot& from) { from.upstream_proxy = way; });
  }

  message pull() {
    auto client = proxy.inside(registry_at);
    return client.ask("GET", manifest);
  }

  fake_server registry;
  fake_token_server tokens;
  fake_proxy corp;
  proxy_under_test proxy;
};

}  // namespace

TEST_CASE("Exchanges and token requests go by CONNECT, and the proxy sees nothing of what is inside") {
  const auto how = GENERATE(fake_proxy::scheme::http, fake_proxy::scheme::https);
  corporate_scene scene(how);
  const auto got = scene.pull();
  CHECK(got.status == 200);
  CHECK(got.body == "{}");
  CHECK(scene.corp.asked_for() == strings{registry_at, token_server_at});
  for (const auto& one : scene.corp.requests()) {
    CHECK(one.method == "CONNECT");
    CHECK(one.field("Host") == one.target);
    CHECK_FALSE(one.has("Authorization"));
    CHECK_FALSE(one.has("Proxy-Authorization"));
  }
  CHECK(scene.tokens.count() == 1);
  CHECK(scene.registry.requests().back().authorization().starts_with("Bearer "));
}

TEST_CASE("A connection through the proxy is kept for the next exchange") {
  corporate_scene scene;
  auto client = scene.proxy.inside(registry_at);
  CHECK(client.ask("GET", manifest).status == 200);
  CHECK(client.ask("GET", manifest).status == 200);
  CHECK(scene.corp.connections() == 2);
}

TEST_CASE("A proxy that wants a login gets it, and the registry does not") {
  corporate_scene scene;
  scene.corp.requirement(login);
  scene.go_by(scene.corp.url(login));
  CHECK(scene.pull().status == 200);
  for (const auto& one : scene.corp.requests()) CHECK(one.field("Proxy-Authorization") == "Basic " + base64(login));
  for (const auto& one : scene.registry.requests()) CHECK_FALSE(one.has("Proxy-Authorization"));
}

TEST_CASE("A proxy that gives no way is named in the client's error, with its status line") {
  corporate_scene scene;
  std::string expected;
  SECTION("no login, and one is wanted") {
    scene.corp.requirement(login);
    expected = "answered \"407 Proxy Authentication Required\"";
  }
  SECTION("a wrong login") {
    scene.corp.requirement("builder:other");
    scene.go_by(scene.corp.url(login));
    expected = "answered \"407 Proxy Authentication Required\"";
  }
  SECTION("forbidden") {
    scene.corp.says("HTTP/1.1 403 Blocked by policy\r\nContent-Length: 0\r\n\r\n");
    expected = "answered \"403 Blocked by policy\"";
  }
  SECTION("no way from there") {
    scene.corp.knows(registry_at, 1);
    scene.corp.says("HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\n<html");
    expected = "answered \"502 Bad Gateway\"";
  }
  SECTION("no HTTP") {
    scene.corp.says("SSH-2.0-OpenSSH\r\n");
    expected = "the proxy 127.0.0.1:";
  }
  const auto got = scene.pull();
  CHECK(got.status >= 502);
  CHECK(got.status <= 504);
  CHECK(got.field("X-Regpass-Cause") == "upstream-proxy");
  CHECK_THAT(got.body, Contains("127.0.0.1:" + std::to_string(scene.corp.port())));
  const auto seen = scene.proxy.finished().back();
  REQUIRE(seen.explanation);
  CHECK_THAT(seen.explanation->summary, Contains(expected));
  CHECK_THAT(seen.explanation->summary, Contains(registry_at.substr(0, registry_at.find(':'))));
  CHECK(scene.registry.requests().empty());
}

TEST_CASE("A proxy that does not answer CONNECT is waited for as long as connecting may take",
          "[upstream.connect_timeout]") {
  engine_settings settings;
  settings.bounds.connect_within = 200ms;
  corporate_scene scene(fake_proxy::scheme::http, settings);
  scene.corp.says("");
  const auto began = std::chrono::steady_clock::now();
  const auto got = scene.pull();
  CHECK(std::chrono::steady_clock::now() - began < 3s);
  CHECK(got.status == 504);
  CHECK(got.field("X-Regpass-Cause") == "upstream-proxy");
}

TEST_CASE("A proxy that is not there, or not who it should be, is what the error is about") {
  corporate_scene scene(fake_proxy::scheme::https);
  std::string url;
  SECTION("nobody listens") {
    const fake_server gone;
    url = "http://" + gone.authority();
  }
  SECTION("its certificate is for other names") {
    url = "https://127.0.0.4:" + std::to_string(scene.corp.port());
  }
  SECTION("it has no TLS") {
    url = "https://" + fake_server(fake_server::scheme::http).authority();
  }
  scene.go_by(url);
  const auto got = scene.pull();
  CHECK(got.status >= 502);
  CHECK(got.field("X-Regpass-Cause") == "upstream-proxy");
  CHECK(scene.registry.requests().empty());
}

TEST_CASE("When the proxy bars the token server only, the proxy is the cause and the token server is named") {
  corporate_scene scene;
  fake_proxy strict;
  strict.knows(registry_at, scene.registry.port());
  scene.go_by(strict.url());
  const auto got = scene.pull();
  CHECK(got.field("X-Regpass-Cause") == "upstream-proxy");
  const auto seen = scene.proxy.finished().back();
  REQUIRE(seen.explanation);
  CHECK_THAT(seen.explanation->summary, Contains("auth.test") && Contains("502 Bad Gateway"));
  CHECK(scene.tokens.count() == 0);
}

TEST_CASE("What NO_PROXY names, and loopback always, is reached without the proxy") {
  corporate_scene scene;
  fake_server near;
  near.on("GET", manifest).body("near");
  scene.proxy.serve(near);
  auto client = scene.proxy.inside(near.authority());
  CHECK(client.ask("GET", manifest).body == "near");
  scene.go_by(scene.corp.url(), ".test");
  CHECK(scene.pull().field("X-Regpass-Cause") == "upstream-dns");
  CHECK(scene.corp.connections() == 0);
}

TEST_CASE("A host that is no registry is tunnelled through the proxy, which resolves its name") {
  corporate_scene scene;
  fake_server other;
  other.on("GET", "/x").body("spliced");
  scene.corp.knows("other.test:443", other.port());
  auto client = scene.proxy.client();
  CHECK(client.connect("other.test:443").status == 200);
  REQUIRE(client.on().secure_as_client(client_side(common_ground().upstream_ca.certificate()), {}));
  client.send("GET /x HTTP/1.1\r\nHost: other.test\r\n\r\n");
  CHECK(client.receive().body == "spliced");
  CHECK(scene.corp.asked_for() == strings{"other.test:443"});
}

TEST_CASE("A tunnel that the proxy bars is refused to the client with the proxy's words") {
  corporate_scene scene;
  auto client = scene.proxy.client();
  const auto got = client.connect("other.test:443");
  CHECK(got.status >= 502);
  CHECK(got.field("X-Regpass-Cause") == "upstream-proxy");
  CHECK_THAT(got.reason, Contains("502 Bad Gateway"));
}

TEST_CASE("A captured stream to a host that is no registry goes through the proxy by its name") {
  corporate_scene scene;
  fake_server other;
  other.on("GET", "/x").body("spliced");
  scene.corp.knows("other.test:443", other.port());
  auto client = scene.proxy.captured("8.8.8.8:443", "other.test:443");  // nobody is to be asked there
  REQUIRE(client.on().secure_as_client(client_side(common_ground().upstream_ca.certificate()),
                                       {.name = "", .sni = "other.test"}));
  client.send("GET /x HTTP/1.1\r\nHost: other.test\r\n\r\n");
  CHECK(client.receive().body == "spliced");
  CHECK(scene.corp.asked_for() == strings{"other.test:443"});
}

TEST_CASE("NO_PROXY may name the address that a captured stream was going to", "[outward]") {
  const auto address = reachable_address();
  if (!address) {
    WARN("this machine has no address but loopback and special ones: not tested here");
    return;
  }
  corporate_scene scene;
  scene.go_by(scene.corp.url(), *address);
  fake_server other(fake_server::scheme::https, *address);
  other.on("GET", "/x").body("spliced");
  scene.proxy.change([&](forward::snapshot& from) {
    from.other_hosts.ports = {other.port()};
    from.other_hosts.deny_private_addresses = false;
  });
  auto client = scene.proxy.captured(other.authority(), "other.test:443");
  REQUIRE(client.on().secure_as_client(client_side(common_ground().upstream_ca.certificate()),
                                       {.name = "", .sni = "other.test"}));
  client.send("GET /x HTTP/1.1\r\nHost: other.test\r\n\r\n");
  CHECK(client.receive().body == "spliced");
  CHECK(scene.corp.connections() == 0);
}

TEST_CASE("T03 with a proxy, too, forbidden addresses and metadata names are refused, without asking it") {
  corporate_scene scene;
  const std::string host = GENERATE("169.254.169.254", "[fd00:ec2::254]", "100.100.100.200", "10.0.0.7", "127.0.0.1",
                                    "localhost", "x.localhost", "metadata.google.internal", "metadata.goog");
  auto client = scene.proxy.client();
  const auto got = client.connect(host + ":443");
  INFO(host);
  CHECK(got.status == 403);
  CHECK(got.field("X-Regpass-Cause") == "address-refused");
  CHECK(scene.corp.connections() == 0);
}

TEST_CASE("T03 with a proxy, too, a captured stream to a forbidden address is refused, whatever name it says") {
  corporate_scene scene;
  const std::string address = GENERATE("169.254.169.254", "10.0.0.7");
  auto client = scene.proxy.captured(address + ":443", "other.test:443");
  CHECK_FALSE(client.on().secure_as_client(client_side(common_ground().upstream_ca.certificate()),
                                           {.name = "", .sni = "other.test"}));
  CHECK(scene.proxy.finished().back().explanation->cause == "address-refused");
  CHECK(scene.corp.connections() == 0);
}
