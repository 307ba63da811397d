// What the operator configures for registries, mirrors and all other hosts.
#pragma once

#include "regpass/registry/host.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace regpass::options {

// How a cross-repository mount is handled when its source may be pulled from.
enum class mount_rule : std::uint8_t {
  automatic,  // request the source's scope too; the mount becomes an upload if the scope is not granted
  upload      // always an upload: no token ever covers another repository
};

// Permitted actions, as repository patterns. By default everything may be pulled and nothing pushed or deleted.
struct policy {
  std::vector<std::string> pull{"*"};
  std::vector<std::string> push;
  std::vector<std::string> remove;  // key `delete`
  bool catalog = false;
  mount_rule mount = mount_rule::automatic;
};

// What happens to the Authorization field of a request.
enum class injection : std::uint8_t { replace, add, observe };

// Which certificates are trusted upstream, and the client certificate regpass presents. Equal values share one context.
struct trust {
  std::filesystem::path ca_file{};                     // in addition to the system's roots; empty: none
  std::vector<std::filesystem::path> more_ca_files{};  // likewise: from certs_dir
  std::filesystem::path client_cert_file{};            // mutual TLS; both or neither
  std::filesystem::path client_key_file{};
  bool skip_verify = false;  // whoever sets it logs a warning

  friend auto operator<=>(const trust&, const trust&) = default;
};

// HTTP/2 applies to both ends of a connection: the client's with regpass, and regpass's with the registry.
enum class http2_use : std::uint8_t {
  off,
  automatic,  // with the registry for everything except the content of blobs
  always
};

// One [[registry]].
struct registry_options {
  registry::host host;
  options::policy policy;
  options::injection injection = options::injection::replace;
  std::vector<std::string> realms;
  options::trust trust;             // ca_file, client_cert_file, client_key_file, insecure_skip_verify
  bool plain_http = false;          // the registry itself speaks plain HTTP
  bool upgrade_plain_http = false;  // loopback clients may use plain HTTP; regpass uses verified TLS upstream
  http2_use http2 = http2_use::automatic;
};

// One [[mirror]]: accepts plain HTTP on loopback and uses the registry's own transport upstream.
struct mirror_options {
  std::string listen;
  registry::host registry;  // target of requests without ?ns=
  std::string path;         // what clients put before or after /v2, without leading or trailing slash; empty: nothing
  std::vector<std::string> names{};  // further host names under which clients reach the mirror
};

// [other_hosts]
struct other_hosts {
  enum class what : std::uint8_t { tunnel, refuse };
  what action = what::tunnel;
  std::vector<std::uint16_t> ports{443, 80};
  bool deny_private_addresses = true;
};

}  // namespace regpass::options
