// upgrade_plain_http: plain HTTP from a client on loopback, verified TLS to the registry.
#include "support/proxy_under_test.hpp"

#include <catch2/catch.hpp>

using namespace regpass;
using namespace regpass::testing;

namespace {

const std::string manifest = "/v2/team-a/app/manifests/1";
const std::string uploads = "/v2/team-a/app/blobs/uploads/";

struct upgrade_scene : token_scene {
  explicit upgrade_scene(bool upgrade = true) {
    proxy.serve(registry, [&](forward::registry_options& options) {
      options.realms = {tokens.realm()};
      options.upgrade_plain_http = upgrade;
    });
  }
  std::string plain(const std::string& target) const { return "http://" + registry.authority() + target; }
  raw_client client() const {
    auto made = proxy.client();
    made.address(registry.authority());
    return made;
  }
};

}  // namespace

TEST_CASE("Plain HTTP to an upgraded registry arrives there over TLS, with regpass's token") {
  upgrade_scene scene;
  scene.registry.on("GET", manifest).body("{}");
  auto client = scene.client();
  const auto got = client.ask("GET", scene.plain(manifest) + "?x=%2F", {{"Authorization", "Bearer stale"}});
  CHECK(got.status == 200);
  CHECK(got.body == "{}");
  const auto last = scene.registry.requests("GET", manifest).back();  // the server speaks nothing but TLS
  CHECK(last.target == manifest + "?x=%2F");
  CHECK(last.field("Host") == scene.registry.authority());
  CHECK(last.authorization().starts_with("Bearer "));
  CHECK(last.authorization().find(fake_token_server::token_canary) != std::string::npos);
  CHECK(client.ask("GET", scene.plain(manifest)).status == 200);
}

TEST_CASE("An upgraded registry's https references are rewritten to http, others stay unchanged") {
  upgrade_scene scene;
  scene.registry.on("POST", uploads).answer(202, "Accepted").header("Location", scene.registry.url("/_uploads/1?s=1"));
  scene.registry.on("PUT", "/_uploads/1").answer(201, "Created");
  scene.registry.on("GET", "/v2/team-a/app/tags/list")
      .header("Link", "<" + scene.registry.url("/v2/x") + ">; rel=\"next\", <https://other.test/>; rel=\"x\"")
      .body("{}");
  auto client = scene.client();
  const auto location = client.ask("POST", scene.plain(uploads)).field("Location");
  REQUIRE(location == scene.plain("/_uploads/1?s=1"));
  CHECK(client.ask("PUT", *location + "&digest=" + digest_of("layer"), {}, "layer").status == 201);
  CHECK(scene.registry.requests("PUT", "").at(0).authorization().starts_with("Bearer "));
  CHECK(client.ask("GET", scene.plain("/v2/team-a/app/tags/list")).field("Link") ==
        "<" + scene.plain("/v2/x") + ">; rel=\"next\", <https://other.test/>; rel=\"x\"");
}

TEST_CASE("Without the key plain HTTP is refused and the refusal names it") {
  upgrade_scene scene(false);
  auto client = scene.client();
  const auto got = client.ask("GET", scene.plain(manifest));
  CHECK(got.status == 403);
  CHECK(scene.registry.connections() == 0);
  const auto seen = scene.proxy.finished().at(0);
  REQUIRE(seen.explanation.has_value());
  CHECK(seen.explanation->summary.find("upgrade_plain_http = true") != std::string::npos);
}

TEST_CASE("An upgraded registry is intercepted by CONNECT as well") {
  upgrade_scene scene;
  scene.registry.on("GET", manifest).body("{}");
  auto client = scene.inside();
  CHECK(client.ask("GET", manifest).status == 200);
}

TEST_CASE("An upgraded request is sent only to a registry with a valid certificate") {
  upgrade_scene scene;
  scene.registry.present(test_ca::make("Nobody's CA").issue({"127.0.0.1"}));
  auto client = scene.client();
  CHECK(client.ask("GET", scene.plain(manifest)).status == 502);
  CHECK(scene.registry.requests().empty());
}
