#include "support/proxy_under_test.hpp"

#include <catch2/catch.hpp>

using namespace regpass;
using namespace regpass::testing;

TEST_CASE("A ping is answered 200 with a token that was asked for without scope") {
  token_scene scene;
  scene.registry.on("GET", "/v2/").body("{}");
  auto client = scene.inside();
  const auto answer = client.ask("GET", "/v2/");
  CHECK(answer.status == 200);
  CHECK(answer.body == "{}");
  const auto asked = scene.tokens.asked();
  REQUIRE(asked.size() == 1);
  CHECK(asked[0].scopes.empty());
}
