// Everything that a reload may change, as one immutable value: an exchange works on the one it began with.
#pragma once

#include "forward/services/options.hpp"
#include "forward/services/pattern_registries.hpp"
#include "regpass/auth/credential.hpp"
#include "regpass/base/secret.hpp"
#include "regpass/net/upstream_proxy.hpp"
#include "regpass/registry/host.hpp"
#include "regpass/tls/context.hpp"
#include "transport/pool.hpp"

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace regpass::forward {

// A registry that is served: configured, or one that has a credential.
struct registry_entry {
  registry_options options;
  bool configured = false;                      // has a [[registry]] of its own
  std::shared_ptr<const tls::context> context;  // for options.trust
  // To its own origin, as every request needs it, and the same for the contents of blobs; null: to be made.
  std::shared_ptr<const transport::route> route{};
  std::shared_ptr<const transport::route> blob_route{};
};

// A [[mirror]]. Its registry is served as `unknown`, so without a credential, when `registries` does not have it.
struct mirror_entry {
  mirror_options options;
  registry_entry unknown;
};

struct snapshot {
  std::map<registry::host, registry_entry> registries;
  std::map<std::string, mirror_entry> mirrors;  // by where they listen, as configured
  auth::credential_store credentials;
  std::vector<std::string> searched;  // where credentials were looked for
  forward::other_hosts other_hosts;
  std::shared_ptr<const secret> client_password;  // what clients of the proxy must show; null: nothing
  client_rules clients;
  net::upstream_proxy_ptr upstream_proxy;  // to registries, token servers and other hosts alike
  bool annotate = true;
  bool credentials_required = false;
  std::shared_ptr<pattern_registries> by_pattern{};  // null: no key has a wildcard

  // By the registry's name as logs have it.
  bool knows(std::string_view shown) const {
    const auto host = registry::parse_host(shown);
    return host && find(*host) != nullptr;
  }
  const registry_entry* find(const registry::host& host) const {
    const auto it = registries.find(host);
    if (it != registries.end()) return &it->second;
    return by_pattern ? by_pattern->find(host) : nullptr;
  }
};
using snapshot_ptr = std::shared_ptr<const snapshot>;

// Names for the CA's constraints: every name under which a client may address a served registry.
std::vector<std::string> intercepted_names(const snapshot&);

}  // namespace regpass::forward
