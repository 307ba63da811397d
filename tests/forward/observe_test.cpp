// authorization = "observe" breaks nothing that works without regpass.
#include "support/common_ground.hpp"
#include "support/proxy_under_test.hpp"
#include "support/tls_pair.hpp"

#include <catch2/catch.hpp>

using namespace regpass;
using namespace regpass::testing;

namespace {

// A server that the CA's constraints do not cover: registries known later, token servers of observed ones.
struct uncovered_scene {
  uncovered_scene() {
    server.present(common_ground().upstream_ca.issue({"127.0.0.5"}));
    server.on("GET", "/token").body("a token");
  }
  void serve(auth::injection mode) {
    proxy.serve(server, [&](forward::registry_options& options) { options.injection = mode; });
  }
  // TLS that believes the server's own CA only, not regpass's.
  bool secure(raw_client& client) {
    return client.on().secure_as_client(directly, {.name = "127.0.0.5", .sni = {}, .alpn = {}});
  }
  fake_server server{fake_server::scheme::https, "127.0.0.5"};
  proxy_under_test proxy;
  ssl_context directly = client_side(common_ground().upstream_ca.certificate());
};

}  // namespace

TEST_CASE("R3e: what is only observed and cannot be intercepted is tunnelled", "[observe]") {
  uncovered_scene scene;
  scene.serve(auth::injection::observe);
  SECTION("by CONNECT") {
    auto client = scene.proxy.client();
    REQUIRE(client.connect(scene.server.authority()).status == 200);
    REQUIRE(scene.secure(client));
    CHECK(client.ask("GET", "/token", {{"Authorization", "Basic eDp5"}}).body == "a token");
  }
  SECTION("redirected") {
    auto client = scene.proxy.captured(scene.server.authority(), scene.server.authority());
    REQUIRE(scene.secure(client));
    CHECK(client.ask("GET", "/token", {{"Authorization", "Basic eDp5"}}).body == "a token");
  }
  CHECK(scene.server.requests().back().authorization() == "Basic eDp5");
  CHECK(holds_soon([&] {
    const auto lines = scene.proxy.log_lines_so_far("tunnel");
    return lines.size() == 1 && std::string(lines[0].at("remark").as_string()).starts_with("not observed: ");
  }));
  CHECK(scene.proxy.log_lines("policy-refused").empty());
}

TEST_CASE("R3e: a client that does not trust regpass's CA is let through to what is only observed", "[observe]") {
  open_scene scene;
  scene.registry.on("GET", "/v2/").body("{}");
  const auto observed = GENERATE(true, false);
  scene.proxy.serve(scene.registry, [&](forward::registry_options& options) {
    if (observed) options.injection = auth::injection::observe;
  });
  const auto directly = client_side(common_ground().upstream_ca.certificate());
  const auto try_once = [&] {
    auto client = scene.proxy.client();
    REQUIRE(client.connect(scene.registry.authority()).status == 200);
    if (!client.on().secure_as_client(directly, {.name = "127.0.0.1", .sni = {}, .alpn = {}})) return 0;
    return client.ask("GET", "/v2/").status;
  };
  CHECK(try_once() == 0);
  REQUIRE(holds_soon([&] { return !scene.proxy.log_lines_so_far("client-rejected").empty(); }));
  CHECK(try_once() == (observed ? 200 : 0));
  CHECK(scene.registry.count("GET", "/v2/") == (observed ? 1U : 0U));
  // Another program is observed as before.
  auto other = scene.proxy.client();
  const auto authority = scene.registry.authority();
  other.address(authority);
  other.send("CONNECT " + authority + " HTTP/1.1\r\nHost: " + authority + "\r\nUser-Agent: curl/8\r\n\r\n");
  REQUIRE(other.receive_head("CONNECT").status == 200);
  CHECK(other.secure({.name = "127.0.0.1", .sni = {}, .alpn = {}}));
}

TEST_CASE("R3e: what policy does not allow passes where nothing is ours to allow", "[observe]") {
  open_scene scene;
  scene.proxy.serve(scene.registry, [](forward::registry_options& options) {
    options.injection = auth::injection::observe;
    options.policy.push = {};
    options.policy.pull = {"team-b/*"};
  });
  scene.registry.on("*", "*").body("{}");
  auto client = scene.inside();
  CHECK(client.ask("GET", "/v2/team-a/app/manifests/1").status == 200);
  CHECK(client.ask("POST", "/v2/team-a/app/blobs/uploads/?mount=sha256%3Aaa&from=team-c%2Fx").status == 200);
  CHECK(scene.registry.requests().back().target == "/v2/team-a/app/blobs/uploads/?mount=sha256%3Aaa&from=team-c%2Fx");
  // A name that distribution's grammar does not have may be one to this registry.
  CHECK(client.ask("GET", "/v2/Team_A/App/manifests/1").status == 200);
}

TEST_CASE("R3e: an observed registry is spoken to as its client does", "[observe]") {
  proxy_under_test proxy;
  const auto observing = [](forward::registry_options& options) { options.injection = auth::injection::observe; };
  SECTION("plain HTTP though TLS was expected") {
    fake_server registry(fake_server::scheme::http);
    registry.on("GET", "/v2/").body("{}");
    proxy.serve(registry.authority(), true, observing);
    auto client = proxy.client();
    client.address(registry.authority());
    CHECK(client.ask("GET", "http://" + registry.authority() + "/v2/").status == 200);
    CHECK(registry.count("GET", "/v2/") == 1);
  }
  SECTION("TLS though plain HTTP was expected") {
    fake_server registry;
    registry.on("GET", "/v2/").body("{}");
    proxy.serve(registry.authority(), false, observing);
    auto client = proxy.client();
    REQUIRE(client.connect(registry.authority()).status == 200);
    REQUIRE(client.on().secure_as_client(client_side(common_ground().upstream_ca.certificate()),
                                         {.name = "127.0.0.1", .sni = {}, .alpn = {}}));
    CHECK(client.ask("GET", "/v2/").status == 200);
  }
}

TEST_CASE("R3e: a registry that credentials go to is still refused where it cannot be intercepted", "[observe]") {
  uncovered_scene scene;
  scene.serve(GENERATE(auth::injection::replace, auth::injection::add));
  auto client = scene.proxy.client();
  CHECK(client.connect(scene.server.authority()).status == 403);
  CHECK(scene.server.connections() == 0);
}
