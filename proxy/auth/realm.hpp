// May this token endpoint see this registry's credential? (T09, T10; the class of CVE-2020-15157, CVE-2026-33540,
// CVE-2026-48978.)
#pragma once

#include "regpass/http/origin.hpp"
#include "regpass/registry/host.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace regpass::auth {

struct realm_rules {
  http::origin registry;              // the registry's API origin, as dialled
  std::vector<std::string> approved;  // `realms` of the configuration: URLs; origin and path prefix at '/' must match
  bool anonymous = false;             // nothing secret would be sent, so that any https realm may be asked

  bool operator==(const realm_rules&) const = default;
};

struct realm_decision {
  bool allowed = false;
  bool foreign = false;    // allowed for want of a secret only: neither the registry's nor approved
  http::absolute_url url;  // only when allowed
  std::string why;         // "same origin" · "built-in pair of docker.io" · "approved by realms" · or what is wrong
  std::string
      config_line;  // refused: `realms = ["https://auth.example.com/token"]`; empty when no line could make it right

  bool operator==(const realm_decision&) const = default;
};

// `realm` is the challenge's parameter; a relative one is resolved against the registry's /v2/. Allowed: the registry's
// own origin; a built-in pair for exactly this registry (docker.io→auth.docker.io, registry.gitlab.com→gitlab.com,
// nvcr.io→authn.nvidia.com, …); an approved URL; any other where no secret would be sent. https unless the registry
// itself is plain HTTP and the realm is its own origin. User information, a fragment, control bytes and other schemes
// are refused whatever the configuration says.
realm_decision decide_realm(std::string_view realm, const registry::host&, const realm_rules&);

// The origin of the built-in pair: "https://auth.docker.io" for docker.io; empty when this registry has none.
std::string_view paired_realm(const registry::host&) noexcept;

}  // namespace regpass::auth
