// The second upstream connection to an origin resumes the first one's TLS session.
#include "support/common_ground.hpp"
#include "support/proxy_under_test.hpp"
#include "support/tls_pair.hpp"

#include <catch2/catch.hpp>

using namespace regpass;
using namespace regpass::testing;

namespace {

const std::string manifest = "/v2/team-a/app/manifests/1";

// Fixtures share one context, and ports come again: what other tests have left is not to be met here.
void with_context_of_its_own(proxy_under_test& proxy) {
  const auto context =
      std::make_shared<tls::context>(value_of(tls::make_client_context(common_ground().upstream_trust)));
  proxy.change([&](forward::snapshot& from) {
    for (auto& [host, entry] : from.registries) entry.context = context;
  });
}

}  // namespace

TEST_CASE("A second connection to a registry resumes the TLS session of the first") {
  open_scene scene;
  with_context_of_its_own(scene.proxy);
  scene.registry.on("GET", manifest).body("{}").close();
  auto client = scene.inside();
  CHECK(client.ask("GET", manifest).status == 200);
  CHECK(scene.registry.resumptions() == 0);
  CHECK(client.ask("GET", manifest).status == 200);
  CHECK(scene.registry.connections() == 2);
  CHECK(scene.registry.resumptions() == 1);
}

TEST_CASE("Another registry gets no session of the first, even if it has the same certificate") {
  open_scene scene;
  fake_server other;
  scene.proxy.serve(other);
  with_context_of_its_own(scene.proxy);
  for (auto* registry : {&scene.registry, &other}) {
    registry->on("GET", manifest).body("{}");
    auto client = scene.proxy.inside(registry->authority());
    CHECK(client.ask("GET", manifest).status == 200);
    CHECK(registry->resumptions() == 0);
  }
}
