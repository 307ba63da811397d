// A credential that is replaced while its requests are under way (F04).
#include "regpass/base/text.hpp"
#include "support/common_ground.hpp"
#include "support/proxy_under_test.hpp"

#include <catch2/catch.hpp>

using namespace regpass;
using namespace regpass::testing;

namespace {

const std::string upload = "/v2/team-a/app/blobs/uploads/1";

}  // namespace

TEST_CASE("F04 an upload ends with the token that it began with, and the next one has the new credential's") {
  token_scene scene;
  scene.registry.on("GET", "/v2/").body("{}");
  scene.registry.on("PUT", upload).answer(201, "Created");
  auto client = scene.inside();
  client.ask("GET", "/v2/");  // from now on what the registry wants is known
  const auto before = scene.tokens.count();
  client.request("PUT", upload, {{"Content-Length", "10"}});
  client.send("first");
  REQUIRE(holds_soon([&] { return scene.tokens.count() > before; }));

  const auto generation = scene.proxy.credential(scene.registry.authority(), auth::credential_kind::basic, "bob");
  CHECK(generation > 0);
  client.send("later");
  CHECK(client.receive("PUT").status == 201);
  CHECK(client.ask("PUT", upload, {}, "second").status == 201);

  CHECK(scene.tokens.asked().at(before).account == "alice");
  CHECK(scene.tokens.asked().back().account == "bob");
  const auto puts = scene.registry.requests("PUT", upload);
  REQUIRE(puts.size() == 2);
  CHECK(puts[0].body == "firstlater");
  CHECK(puts[0].authorization() != puts[1].authorization());
}
