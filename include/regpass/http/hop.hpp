// Hop-by-hop fields (RFC 9110 section 7.6.1), which must not be forwarded.
#pragma once

#include "regpass/base/error.hpp"
#include "regpass/http/message.hpp"

#include <string_view>

namespace regpass::http {

// Removes Connection and what it nominates, Keep-Alive, Proxy-Connection, Proxy-Authenticate, Proxy-Authorization,
// Proxy-Authentication-Info, TE, Trailer, Transfer-Encoding, Upgrade, and in requests Expect. Framing fields
// (Content-Length) stay. Nominating Host, Content-Length, Content-Type, Authorization, Cache-Control, Range or
// WWW-Authenticate is an attempt to make us strip essential fields: errc::bad_message (T08).
result<void> strip_hop_by_hop(fields&);

// The trailers that are safe to forward: content digests, chunk signatures, timing and the gRPC status. All other
// fields belong in the head (RFC 9110 section 6.5.1).
fields allowed_trailers(const fields&);

// Appends `pseudonym` to Via as "1.1 pseudonym" (RFC 9110 section 7.6.3).
void add_via(fields&, std::string_view pseudonym);
// Whether a proxy with this pseudonym has already forwarded the message, which means a loop.
bool came_via(const fields&, std::string_view pseudonym);

// Whether the client asked for "100-continue". Any other expectation is errc::unsupported (417).
result<bool> expects_continue(const request_head&);

}  // namespace regpass::http
