// What all fixtures of a test program stand on: the CA behind the servers, the CA that the proxy signs with. Made once,
// gone at its end.
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
  test_ca upstream_ca;        // only the proxy believes in it
  tls::trust upstream_trust;  // its file
  std::shared_ptr<const tls::context> upstream_context;
  ssl_context server;       // a certificate for 127.0.0.0/29 and localhost
  tls::authority proxy_ca;  // only the clients believe in it
  ssl_context client;
};

ground& common_ground();

}  // namespace regpass::testing
