// What the operator says about registries and other hosts; filled by config, read by everything in forward.
#pragma once

#include "auth/handshake.hpp"
#include "auth/policy.hpp"
#include "regpass/auth/challenge.hpp"
#include "regpass/auth/token.hpp"
#include "regpass/registry/host.hpp"
#include "regpass/tls/context.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace regpass::forward {

// HTTP/2 where both ends of a connection can: clients with us, and we with the registry.
enum class http2_use : std::uint8_t {
  off,
  automatic,  // with the registry for all but the content of blobs
  always
};

// One [[registry]].
struct registry_options {
  registry::host host;
  auth::policy policy;
  auth::injection injection = auth::injection::replace;
  std::vector<std::string> realms;
  tls::trust trust;                 // ca_file, client_cert_file, client_key_file, insecure_skip_verify
  bool plain_http = false;          // the registry itself speaks plain HTTP
  bool upgrade_plain_http = false;  // clients on loopback may, and it goes upstream over verified TLS
  http2_use http2 = http2_use::automatic;
};

// One [[mirror]]: plain HTTP in on loopback, the registry's own transport out.
struct mirror_options {
  std::string listen;
  registry::host registry;  // where requests without ?ns= go
  std::string path;         // what clients put before or behind /v2, without slashes at its ends; empty: nothing
  std::vector<std::string> names{};  // further hosts that clients know the mirror by
};

// [client_auth]: whose password it is, and what its build steps get.
enum class builder_kind : std::uint8_t { automatic, buildkit, other };
enum class step_requests : std::uint8_t {
  refuse,
  anonymous  // passed on as they are, without a credential
};
struct client_rules {
  builder_kind builder = builder_kind::automatic;
  step_requests steps = step_requests::refuse;
};

// [other_hosts]
struct other_hosts {
  enum class what : std::uint8_t { tunnel, refuse };
  what action = what::tunnel;
  std::vector<std::uint16_t> ports{443, 80};
  bool deny_private_addresses = true;
};

// The bounds of the token engine, keys of [limits] like those of transport::limits.
struct token_bounds {
  auth::challenge_limits challenge;
  auth::token_limits answer;
  std::chrono::milliseconds exchange_within{15'000};
  std::size_t cached_tokens = 1024;
};

// Bounds of programs that have credentials, keys of [limits] too.
struct program_bounds {
  std::chrono::milliseconds within{10'000};
  std::size_t output_bytes = 64 * 1024;
};

}  // namespace regpass::forward
