// A CA, a server certificate from it for "registry.test" and 127.0.0.1, and clients that trust it or not.
#pragma once

#include "certificates.hpp"
#include "environment.hpp"
#include "regpass/tls/context.hpp"
#include "temporary_directory.hpp"
#include "tls_pair.hpp"

#include <memory>
#include <string>

namespace regpass::testing {

struct tls_ground {
  tls_ground()
      : ca(test_ca::make()),
        trust{.ca_file = dir.put("ca.crt", ca.certificate())},
        believer(make_client(trust)),
        stranger(make_client({})),
        server(server_context(ca.issue({"registry.test", "127.0.0.1"}))) {}

  // Loading the system's roots is slow, and nothing here is signed by them.
  tls::context make_client(const tls::trust& whom) const {
    const environment_variable file("SSL_CERT_FILE", dir.put("other.crt", test_ca::make("Other CA").certificate()));
    const environment_variable folder("SSL_CERT_DIR", dir / "none");
    return value_of(tls::make_client_context(whom));
  }

  temporary_directory dir;
  test_ca ca;
  tls::trust trust;
  tls::context believer;
  tls::context stranger;
  tls::context server;
};

inline const tls_ground& common_tls() {
  static const tls_ground one;
  return one;
}

}  // namespace regpass::testing
