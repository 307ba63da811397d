// What a client's own handshake says to whoever watches it (authorization = "observe").
#pragma once

#include "regpass/auth/token.hpp"
#include "regpass/http/message.hpp"
#include "regpass/http/origin.hpp"

#include <optional>
#include <string_view>

namespace regpass::auth {

// The token request that this is, if it is one: a GET with `service` or `scope` in its query, or the POST of a form,
// of which nothing but the fact is known, since its body holds the password. The credential is there to be named only:
// its value is empty.
std::optional<token_request> read_token_request(const http::request_head&, const http::origin& asked);

}  // namespace regpass::auth
