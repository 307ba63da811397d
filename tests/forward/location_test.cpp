// Redirects and uploads' Locations: passed as they are, never followed, and remembered where a credential needs it
// (rules 12 and 13, T11).
#include "support/proxy_under_test.hpp"

#include <catch2/catch.hpp>

using namespace regpass;
using namespace regpass::testing;

namespace {

const std::string blob = "/v2/team-a/app/blobs/" + digest_of("layer");
const std::string uploads = "/v2/team-a/app/blobs/uploads/";

}  // namespace

TEST_CASE("T11 a blob's redirect reaches the client as it is and is not followed") {
  token_scene scene;
  fake_server storage;
  const auto status = GENERATE(301, 302, 303, 307, 308);
  const auto location = storage.url("/layer?X-Amz-Signature=abc%2Fdef&x=1");
  scene.registry.on("GET", blob).answer(status, "Elsewhere").header("Location", location).body("there");
  auto client = scene.inside();
  const auto got = client.ask("GET", blob);
  CHECK(got.status == status);
  CHECK(got.field("Location") == location);
  CHECK(got.body == "there");
  CHECK(storage.connections() == 0);
  CHECK_FALSE(got.has("Authorization"));
}

TEST_CASE("T11 a storage host that is a registry, too, gets its own token and not that of the one that redirected") {
  token_scene scene;
  token_scene other;  // its proxy is not used
  scene.proxy.serve(other.registry);
  scene.registry.on("GET", blob).answer(307, "Elsewhere").header("Location", other.registry.url(blob));
  auto client = scene.inside();
  CHECK(client.ask("GET", blob).status == 307);
  auto second = scene.proxy.inside(other.registry.authority());
  second.ask("GET", blob, {{"Referer", scene.registry.url(blob)}});
  for (const auto& one : other.registry.requests()) CHECK(one.authorization().empty());
  CHECK(other.registry.requests().size() == 1);
}

TEST_CASE("An upload's Location reaches the client as it is") {
  token_scene scene;
  const std::vector<std::string> forms{uploads + "state?_state=a%2Fb", scene.registry.url(uploads + "state"),
                                       "https://other.test/u/1", "/_uploads/1", "state"};
  const auto& location = forms[GENERATE(0U, 1U, 2U, 3U, 4U)];
  scene.registry.on("POST", uploads).answer(202, "Accepted").header("Location", location);
  auto client = scene.inside();
  CHECK(client.ask("POST", uploads).field("Location") == location);
}

TEST_CASE("A registry that does not know that it is behind TLS has its own references repaired") {
  token_scene scene;
  const auto here = "http://" + scene.registry.authority();
  scene.registry.on("POST", uploads).answer(202, "Accepted").header("Location", here + "/_uploads/1?s=a%2Fb");
  scene.registry.on("PATCH", "/_uploads/1").answer(202, "Accepted");
  scene.registry.on("GET", blob).answer(307, "Elsewhere").header("Location", here + "/layers/1");
  scene.registry.on("GET", "/v2/team-a/app/tags/list").header("Link", "<" + here + "/v2/x>; rel=\"next\"").body("{}");
  auto client = scene.inside();
  CHECK(client.ask("POST", uploads).field("Location") == scene.registry.url("/_uploads/1?s=a%2Fb"));
  client.ask("PATCH", "/_uploads/1?s=a%2Fb", {}, "layer");
  CHECK_FALSE(scene.registry.requests("PATCH", "/_uploads/1").at(0).authorization().empty());
  CHECK(client.ask("GET", blob).field("Location") == scene.registry.url("/layers/1"));
  CHECK(client.ask("GET", "/v2/team-a/app/tags/list").field("Link") ==
        "<" + scene.registry.url("/v2/x") + ">; rel=\"next\"");
}

TEST_CASE("An upload that goes on at a path of no known form gets the token of its repository") {
  token_scene scene;
  const std::vector<std::string> forms{"/_uploads/1?sig=a%2Fb", scene.registry.url("/_uploads/1"),
                                       "../../../../../_uploads/1"};
  const auto& location = forms[GENERATE(0U, 1U, 2U)];
  INFO(location);
  scene.registry.on("POST", uploads).answer(202, "Accepted").header("Location", location);
  scene.registry.on("PATCH", "/_uploads/1").answer(202, "Accepted").header("Location", "/_uploads/2");
  scene.registry.on("PUT", "/_uploads/2").answer(201, "Created");
  auto client = scene.inside();
  CHECK(client.ask("POST", uploads).status == 202);
  CHECK(client.ask("PATCH", "/_uploads/1?sig=a%2Fb", {}, "layer").status == 202);
  CHECK(client.ask("PUT", "/_uploads/2?digest=" + digest_of("layer")).status == 201);
  CHECK(scene.tokens.count() == 1);
  CHECK(scene.tokens.asked()[0].scopes == std::vector<std::string>{"repository:team-a/app:pull,push"});
}

TEST_CASE("Policy holds for an upload at a remembered path, too") {
  token_scene scene;
  scene.registry.on("POST", uploads).answer(202, "Accepted").header("Location", "/_uploads/1");
  auto client = scene.inside();
  CHECK(client.ask("POST", uploads).status == 202);
  scene.proxy.serve(scene.registry, [](forward::registry_options& options) { options.policy.push.clear(); });
  CHECK(client.ask("PATCH", "/_uploads/1", {}, "layer").status == 403);
  CHECK(scene.registry.count("PATCH", "") == 0);
}

TEST_CASE("T11 a path is not remembered when the upload goes to another origin, or from what was no push") {
  token_scene scene;
  fake_server other;
  const auto here = scene.registry.authority();
  const std::vector<std::string> forms{other.url("/_uploads/1"), "//evil.test/_uploads/1",
                                       "https://user@" + here + "/_uploads/1"};
  const auto& location = forms[GENERATE(0U, 1U, 2U)];
  INFO(location);
  scene.registry.on("POST", uploads).answer(202, "Accepted").header("Location", location);
  scene.registry.on("GET", blob).answer(307, "Elsewhere").header("Location", "/_uploads/1");
  auto client = scene.inside();
  CHECK(client.ask("POST", uploads).status == 202);
  CHECK(client.ask("GET", blob).status == 307);
  client.ask("PATCH", "/_uploads/1", {}, "layer");
  REQUIRE(scene.registry.count("PATCH", "/_uploads/1") == 1);
  CHECK(scene.registry.requests("PATCH", "/_uploads/1")[0].authorization().empty());
  CHECK(other.connections() == 0);
}

TEST_CASE("T11 a path remembered for one registry means nothing at another") {
  token_scene scene;
  fake_server other;
  scene.proxy.serve(other);
  scene.proxy.credential(other.authority());
  scene.registry.on("POST", uploads).answer(202, "Accepted").header("Location", "/_uploads/1");
  auto client = scene.inside();
  CHECK(client.ask("POST", uploads).status == 202);
  auto second = scene.proxy.inside(other.authority());
  second.ask("PATCH", "/_uploads/1", {}, "layer");
  CHECK(other.requests().back().authorization().empty());
}
