// What the tests of this module build again and again.
#pragma once

#include "regpass/auth/credential.hpp"
#include "regpass/auth/token.hpp"
#include "regpass/base/text.hpp"
#include "regpass/registry/scope.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>

namespace regpass::auth {

inline registry::scope_set scopes(std::string_view text) {
  return registry::parse_scopes(text).value();
}

inline credential_ptr make_credential(credential_kind kind, std::string username, std::string_view value) {
  return std::make_shared<credential>(credential{.kind = kind,
                                                 .username = std::move(username),
                                                 .value = secret(value),
                                                 .source = "/run/secrets/config.json",
                                                 .key = "r.test",
                                                 .generation = next_generation()});
}

inline credential_ptr alice() {
  return make_credential(credential_kind::basic, "alice", "s3cret");
}

// A JWT whose signature is none: only the registry would look at it.
inline std::string jwt(std::string_view payload) {
  auto text = base64(payload);
  std::ranges::replace(text, '+', '-');
  std::ranges::replace(text, '/', '_');
  text.erase(text.find_last_not_of('=') + 1);
  return "eyJhbGciOiJub25lIn0." + text + ".c2ln";
}

}  // namespace regpass::auth
