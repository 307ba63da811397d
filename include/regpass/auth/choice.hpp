// Which credential a request gets, and why each other one lost (T31: exact canonical host, nothing by suffix or
// prefix).
#pragma once

#include "regpass/auth/credential.hpp"
#include "regpass/registry/host.hpp"

#include <string>
#include <vector>

namespace regpass::auth {

struct considered {
  std::string source;
  std::string key;
  std::string
      why;  // "is for registry.test without port" · "unusable: auth is no base64 …" · "shadowed by an earlier entry"
};

// Why there is none, as a value (absence has a reason).
enum class absence : std::uint8_t {
  none,        // there is a credential
  no_sources,  // no credential file was found at all
  no_entry,    // files were read, none has this host
  unusable     // there is an entry for the host, but it cannot be used
};

struct choice {
  credential_ptr credential;
  absence missing = absence::none;
  std::vector<considered>
      others;  // entries for the same host that lost, unusable ones, a remark on the one chosen, and without one near
               // misses (same name with another port, same registrable domain, one or two letters off); at most 8
};

choice choose(const credential_store&, const registry::host&);

}  // namespace regpass::auth
