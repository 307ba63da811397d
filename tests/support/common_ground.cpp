#include "common_ground.hpp"

#include "regpass/base/time.hpp"
#include "tls_pair.hpp"

namespace regpass::testing {
namespace {

const std::vector<std::string> names{
    "127.0.0.1", "127.0.0.2", "127.0.0.3", "localhost", "registry.test", "auth.test",
    // The host names that appear in tests/cases.
    "registry-1.docker.io", "auth.docker.io", "hub.docker.com", "ghcr.io", "quay.io", "gcr.io",
    "123456789012.dkr.ecr.eu-central-1.amazonaws.com", "europe-west1-docker.pkg.dev", "team.azurecr.io", "fra.ocir.io",
    "registry.digitalocean.com", "api.digitalocean.com", "harbor.example.com", "gitlab.example.com",
    "registry.gitlab.example.com", "nexus.example.com", "artifactory.example.com", "git.example.com", "reg.example.com",
    "auth.example.com", "mirror.example.com", "storage.example.com"};

tls::trust trust_in(const temporary_directory& place, const test_ca& ca) {
  return {.ca_file = place.put("upstream-ca.pem", ca.certificate())};
}

}  // namespace

ground::ground()
    : upstream_ca(test_ca::make("Upstream CA")),
      upstream_trust(trust_in(place, upstream_ca)),
      upstream_context(std::make_shared<tls::context>(value_of(tls::make_client_context(upstream_trust)))),
      server(server_side(upstream_ca.issue(names))),
      proxy_ca(value_of(tls::authority::open({.dir = place / "ca", .names = names}, now().wall))),
      client(client_side(proxy_ca.certificate_pem())) {}

ground& common_ground() {
  static ground one;
  return one;
}

}  // namespace regpass::testing
