// Recognises user names, passwords and tokens that no registry can have issued because a tool or shell has damaged
// them. They are never sent: a refused login may lock the account.
#pragma once

#include <string>
#include <string_view>

namespace regpass::auth {

// One clause that does not quote the value, such as "the password ends in a line break (…)"; empty if nothing is wrong.
// RFC 7617 section 2 allows no control characters, and no colon in a user name. Line breaks are accepted in a password
// that is a JSON object: a service account key.
std::string username_flaw(std::string_view username);
std::string password_flaw(std::string_view password);
// `name` is how the clause refers to the token, such as "identitytoken". Only printable ASCII is allowed.
std::string token_flaw(std::string_view token, std::string_view name);

// Leading or trailing spaces look wrong but may be intended, so the value is sent. One clause, or empty.
std::string username_remark(std::string_view username);
std::string password_remark(std::string_view password);

}  // namespace regpass::auth
