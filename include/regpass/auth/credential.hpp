// A registry credential: what it is, where it came from, which generation. Its value is a `secret`.
#pragma once

#include "regpass/base/secret.hpp"
#include "regpass/registry/host.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace regpass::auth {

enum class credential_kind : std::uint8_t {
  basic,           // user name and password: Basic to the registry or the token endpoint
  identity_token,  // refresh token: POST grant_type=refresh_token to the token endpoint
  bearer           // ready-made token: sent to the registry as it is
};
std::string_view name_of(credential_kind) noexcept;

struct credential {
  credential_kind kind = credential_kind::basic;
  std::string username;
  secret value;
  std::string source;            // path of the file
  std::string key;               // key inside the file, as written
  std::uint64_t generation = 0;  // unique in the process; another value is another generation
};
using credential_ptr = std::shared_ptr<const credential>;

// What the Authorization field says with it: "Basic …", "Bearer …"; empty for an identity token, which never goes to a
// registry.
secret authorization_of(const credential&);

// A generation that was not used before.
std::uint64_t next_generation() noexcept;

// One line of a credential source: for which host, and either a credential or why it is none. With a credential,
// `problem` is a remark on it: it is used, but something about it looks wrong.
struct credential_entry {
  registry::host host;
  credential_ptr credential;  // null: unusable, see `problem`
  std::string source;
  std::string key;
  std::string problem;  // "auth is no base64: character '-' at 12 is of the URL-safe alphabet"
};

// Everything known at one moment. Immutable once built; a reload makes another one.
struct credential_store {
  std::vector<credential_entry> entries;  // in order of precedence
  std::vector<std::string> sources;       // what was read, sources without an entry included
};

// Gives entries of `fresh` that are unchanged (source, key, kind, user, value) their old credential, so that tokens
// stay valid for them.
void carry_over(const credential_store& old, credential_store& fresh);
// Generations in `old` that `fresh` no longer has: their tokens must go.
std::vector<std::uint64_t> retired(const credential_store& old, const credential_store& fresh);

}  // namespace regpass::auth
