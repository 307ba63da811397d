// WWW-Authenticate as values (RFC 9110 section 11.6.1): several challenges per field, several fields, quoted strings.
#pragma once

#include "regpass/base/error.hpp"
#include "regpass/http/message.hpp"
#include "regpass/options/limits.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace regpass::auth {

// A token68 in place of parameters is dropped: no scheme of ours has one.
struct challenge {
  std::string scheme;                                       // lower case
  std::vector<std::pair<std::string, std::string>> params;  // names in lower case, values unquoted, order kept

  std::optional<std::string_view> param(std::string_view name) const noexcept;
};

using options::challenge_limits;

// One field value. Errors (bad_message, too_large) name what is wrong: an unterminated quoted string, a repeated
// parameter, …
result<std::vector<challenge>> parse_challenges(std::string_view value, const challenge_limits& = {});
// All WWW-Authenticate fields of a response, in order. An unreadable field is skipped as a whole (T12): guessing at its
// parts is how realms get confused. Fails when there is nothing else, or when a bound is exceeded.
result<std::vector<challenge>> challenges_of(const http::fields&, const challenge_limits& = {});
// Whether any WWW-Authenticate field says something. An empty one challenges nobody.
bool has_challenge(const http::fields&);

// What a registry wants, as far as we can give it: Bearer before Basic when both are offered.
struct requirement {
  enum class kind { bearer, basic };
  kind how = kind::bearer;
  std::string realm;    // bearer: the token endpoint as written
  std::string service;  // may be empty
  std::string scope;    // what the challenge asked for; evidence only, what is requested is our own business (P3)
  std::string error;    // RFC 6750: invalid_token, insufficient_scope, …
  std::string error_description;

  bool operator==(const requirement&) const = default;
};
std::optional<requirement> requirement_of(const std::vector<challenge>&);
// Whether both lead to the same token server and service, or both want Basic.
bool same_endpoint(const requirement&, const requirement&) noexcept;

}  // namespace regpass::auth
