// Shared by all fixtures of a test program: the CA of the servers and the CA that the proxy signs with. Created once
// and removed when the program exits.
#pragma once

#include "regpass/tls/ca.hpp"
#include "regpass/tls/context.hpp"
#include "temporary_directory.hpp"
#include "wire.hpp"

#include <filesystem>
#include <memory>

namespace regpass::testing {

struct ground {
  ground();
  temporary_directory place;
  test_ca upstream_ca;        // only the proxy trusts it
  tls::trust upstream_trust;  // loaded from its file
  std::shared_ptr<const tls::context> upstream_context;
  ssl_context server;       // a certificate for 127.0.0.0/29 and localhost
  tls::authority proxy_ca;  // only the clients trust it
  ssl_context client;
};

ground& common_ground();

}  // namespace regpass::testing
