// Host names and address literals in canonical form, so that they can be compared as text (T10, T31).
#pragma once

#include "regpass/base/error.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace regpass {

// A DNS name in lower case without trailing dot, or an IPv4 or IPv6 address (without brackets and zone) as inet_ntop
// writes it. Errors are errc::bad_input: empty, invalid characters (an IDN must be in its xn-- form), labels
// over 63 or names over 253 bytes, and names that only some resolvers read as an address ("0x7f.1", "10.1",
// "010.0.0.1").
result<std::string> canonical_host(std::string_view text);

struct host_port {
  std::string host;  // canonical
  std::uint16_t port = 0;
};

// "host", "host:port", "v4:port", "[v6]:port". User information, an empty port, port 0 and an IPv6 address without
// brackets are errors. `fallback` is the port when none is written; 0 makes the port mandatory. (Boost.URL 1.81 cannot
// be used for this: it reads "10.0.0.7.example.com" as an address with ".example.com" behind it.)
result<host_port> parse_host_port(std::string_view text, std::uint16_t fallback);

}  // namespace regpass
