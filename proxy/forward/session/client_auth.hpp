// [client_auth]: clients of the proxy prove with a password that they are not some other process on loopback.
#pragma once

#include "regpass/base/error.hpp"
#include "regpass/base/secret.hpp"
#include "regpass/http/message.hpp"

#include <string>
#include <string_view>

namespace regpass::forward {

// What a 407 asks for (RFC 9110 section 11.7.1, RFC 7617).
inline constexpr std::string_view proxy_challenge = R"(Basic realm="regpass")";

// Checks Proxy-Authorization: Basic with any user name; the password is compared in constant time. Null: no password is
// required. Errors: denied; the detail says what is wrong without repeating what the client sent.
result<void> authenticate(const http::fields&, const secret* password);

// The user name, whether or not the password is right; empty if there is none or it cannot be read.
std::string proxy_user(const http::fields&);

}  // namespace regpass::forward
