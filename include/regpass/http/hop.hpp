// Fields that concern one connection only (RFC 9110 section 7.6.1) and must not be passed on.
#pragma once

#include "regpass/base/error.hpp"
#include "regpass/http/message.hpp"

#include <string_view>

namespace regpass::http {

// Removes Connection and what it nominates, Keep-Alive, Proxy-Connection, Proxy-Authenticate, Proxy-Authorization,
// Proxy-Authentication-Info, TE, Trailer, Transfer-Encoding, Upgrade, and in requests Expect. Framing fields
// (Content-Length) stay. A nomination of Host, Content-Length, Content-Type, Authorization, Cache-Control, Range or
// WWW-Authenticate is an attempt to have us strip what matters: errc::bad_message (T08).
result<void> strip_hop_by_hop(fields&);

// Only those that no recipient takes for what a head must say: digests of the content, signatures of chunks, timing and
// the status of gRPC. Everything else has no business behind a body (RFC 9110 section 6.5.1).
fields allowed_trailers(const fields&);

// Appends `pseudonym` to Via as "1.1 pseudonym" (RFC 9110 section 7.6.3).
void add_via(fields&, std::string_view pseudonym);
// Has a proxy of this pseudonym passed the message on already? Then it goes round in a loop.
bool came_via(const fields&, std::string_view pseudonym);

// Did the client ask for "100-continue"? Any other expectation is errc::unsupported (417).
result<bool> expects_continue(const request_head&);

}  // namespace regpass::http
