// Which credential a request gets, and why each other one lost (T31: exact canonical host, nothing by suffix or prefix;
// wildcards only where they are written).
#pragma once

#include "regpass/auth/credential.hpp"
#include "regpass/registry/host.hpp"

#include <string>
#include <vector>

namespace regpass::auth {

// What a credential is wanted for.
struct wanted {
  registry::host host;
  std::string repository{};  // empty: none in particular (a ping, the catalogue)
  registry::action action = registry::action::ping;
};

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
  no_entry,    // files were read, none has this host, or not for this repository and action
  unusable     // there is an entry for it, but it cannot be used
};

// What an entry's program said.
struct program_answer {
  const credential_entry* to = nullptr;
  credential_ptr credential;  // null: `problem` says why; when that is empty too, the program has none
  std::string problem;
};

struct choice {
  credential_ptr credential;
  absence missing = absence::none;
  std::vector<considered>
      others;  // entries for the same host that lost, unusable ones, a remark on the one chosen, and without one near
               // misses (same name with another port, same registrable domain, one or two letters off); at most 8
  const credential_entry* ask = nullptr;  // its program has to say first; then the choice is made again. In the store.
};

// The most specific entry wins: one of the configuration (with actions before one without, then by the length of its
// pattern), then the longest path, then the host's others in their order, then entries whose key is a pattern of hosts
// (the longest path, then the most characters written out), then programs that are for patterns of hosts. An unusable
// one is passed over for one that is as specific, never for a weaker one. A ping, which is for no repository, gets the
// host's widest.
choice choose(const credential_store&, const wanted&, const std::vector<program_answer>& answers = {});

}  // namespace regpass::auth
