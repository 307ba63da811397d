// What no registry can have given out: user names, passwords and tokens that a tool or shell has damaged. They are
// never sent, because a refused login may lock the account.
#pragma once

#include <string>
#include <string_view>

namespace regpass::auth {

// One clause without the value, such as "the password ends in a line break (…)"; empty: nothing is wrong with it.
// RFC 7617 section 2 allows no control characters, and no colon in a user name. A JSON object is a service account key,
// which is a password with line breaks between its members.
std::string username_flaw(std::string_view username);
std::string password_flaw(std::string_view password);
// `name` is what the clause calls it: "identitytoken". Only printable ASCII is allowed.
std::string token_flaw(std::string_view token, std::string_view name);

// What looks wrong and may be meant: blanks around the value. One clause, or empty.
std::string username_remark(std::string_view username);
std::string password_remark(std::string_view password);

}  // namespace regpass::auth
