#include "support/common_ground.hpp"

#include "regpass/base/time.hpp"
#include "support/tls_pair.hpp"

namespace regpass::testing {
namespace {

const std::vector<std::string> names{"127.0.0.1", "127.0.0.2", "127.0.0.3", "localhost", "registry.test", "auth.test"};

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
