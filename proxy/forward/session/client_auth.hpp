// [client_auth]: whether a client of the proxy has the password that separates it from its neighbours on loopback.
#pragma once

#include "regpass/base/error.hpp"
#include "regpass/base/secret.hpp"
#include "regpass/http/message.hpp"

#include <string>
#include <string_view>

namespace regpass::forward {

// What a 407 asks for (RFC 9110 section 11.7.1, RFC 7617).
inline constexpr std::string_view proxy_challenge = R"(Basic realm="regpass")";

// Judges Proxy-Authorization: Basic, any user name, in constant time in the password. Null: nothing is asked for.
// Errors: denied; the detail says what is missing, and nothing of what the client sent.
result<void> authenticate(const http::fields&, const secret* password);

// The user name beside the password, whatever that is; empty: none, or nothing that can be read.
std::string proxy_user(const http::fields&);

}  // namespace regpass::forward
