// The connection details in the evidence of a real exchange.
#include "support/common_ground.hpp"
#include "support/proxy_under_test.hpp"

#include <catch2/catch.hpp>

using namespace regpass;
using namespace regpass::testing;

TEST_CASE("A sent step has its connection, and the setup times of a new one") {
  open_scene scene;
  const std::string manifest = "/v2/team-a/app/manifests/1";
  scene.registry.on("GET", manifest).body("{}");
  auto client = scene.inside();
  CHECK(client.ask("GET", manifest).status == 200);
  CHECK(client.ask("GET", manifest).status == 200);
  const auto done = scene.proxy.finished(2);
  REQUIRE(done.size() == 2);
  const auto& first = std::get<diagnosis::sent_step>(done[0].evidence.steps.front().step);
  CHECK_FALSE(first.reused);
  CHECK(first.http == "1.1");
  CHECK(first.address == "127.0.0.1");
  CHECK(first.tls == "TLSv1.3");
  CHECK((first.resolve_ms && first.connect_ms && first.tls_ms));
  const auto& second = std::get<diagnosis::sent_step>(done[1].evidence.steps.front().step);
  CHECK(second.reused);
  CHECK_FALSE((second.resolve_ms || second.connect_ms || second.tls_ms));
}
