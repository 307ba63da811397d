// Mutual TLS: the registry's client certificate is shown to its token server, too, and to nobody else.
#include "support/common_ground.hpp"
#include "support/proxy_under_test.hpp"
#include "support/tls_pair.hpp"

#include <catch2/catch.hpp>

using namespace regpass;
using namespace regpass::testing;

namespace {

const std::string manifest = "/v2/team-a/app/manifests/1";

struct mutual_scene : token_scene {
  mutual_scene() {
    registry.demand_certificate(clients.certificate());
    tokens.server().demand_certificate(clients.certificate());
    registry.on("GET", manifest).body("{}");
  }

  // From now on the proxy has a certificate to show to the registry.
  void equip() {
    const auto pair = clients.issue({"regpass"}, {.for_servers = false});
    auto trust = common_ground().upstream_trust;
    trust.client_cert_file = place.put("client.cert", pair.certificate);
    trust.client_key_file = place.put("client.key", pair.key);
    const auto context = std::make_shared<tls::context>(value_of(tls::make_client_context(trust)));
    proxy.change([&](forward::snapshot& from) {
      auto& entry = from.registries.begin()->second;
      entry.options.trust = trust;
      entry.context = context;
    });
  }

  temporary_directory place;
  test_ca clients = test_ca::make("Client CA");
};

}  // namespace

TEST_CASE("A registry and a token server that demand the client certificate get it") {
  mutual_scene scene;
  scene.equip();
  auto client = scene.inside();
  CHECK(client.ask("GET", manifest).status == 200);
  CHECK(scene.tokens.count() == 1);
}

TEST_CASE("Without the certificate that a registry demands, the client is told so") {
  mutual_scene scene;
  auto client = scene.inside();
  const auto got = client.ask("GET", manifest);
  CHECK(got.status == 502);
  CHECK(got.field("X-Regpass-Cause") == "upstream-certificate");
  CHECK(scene.registry.requests().empty());
}
