// A request that returns to regpass is refused instead of forwarded again.
#include "support/proxy_under_test.hpp"

#include <catch2/catch.hpp>

using namespace regpass;
using namespace regpass::testing;

namespace {

const std::string manifest = "/v2/team-a/app/manifests/1";

}  // namespace

TEST_CASE("A request that this regpass forwarded before gets 508, and is not forwarded") {
  open_scene scene;
  scene.registry.on("GET", manifest).body("{}");
  auto client = scene.inside();
  CHECK(client.ask("GET", manifest, {{"Via", "1.1 front"}}).status == 200);
  const auto via = scene.registry.requests().back().field("Via").value_or("");
  CHECK(via.starts_with("1.1 front, 1.1 regpass-"));
  const auto sent = scene.registry.requests().size();

  const auto got = client.ask("GET", manifest, {{"Via", via}});
  CHECK(got.status == 508);
  CHECK(got.field("X-Regpass-Cause") == "policy-refused");
  CHECK(got.reason.find("the request loops") != std::string::npos);
  CHECK(scene.registry.requests().size() == sent);
}

TEST_CASE("Requests through another regpass are forwarded") {
  open_scene scene;
  scene.registry.on("GET", manifest).body("{}");
  auto client = scene.inside();
  CHECK(client.ask("GET", manifest, {{"Via", "1.1 regpass-00000000, 1.1 regpass"}}).status == 200);
}
