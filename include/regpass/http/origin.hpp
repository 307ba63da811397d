// Origins (RFC 6454) and the four forms of a request target (RFC 9112 section 3.2), parsed by Boost.URL.
#pragma once

#include "regpass/base/error.hpp"

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace regpass::http {

struct origin {
  std::string scheme;  // "https" or "http"
  std::string host;    // lower case, no trailing dot, IPv6 without brackets
  std::uint16_t port = 0;

  auto operator<=>(const origin&) const = default;
};

std::uint16_t default_port(std::string_view scheme) noexcept;

// "host:port", port omitted when it is the scheme's default; IPv6 in brackets. What a Host header says.
std::string authority(const origin&);
// "https://host:port" by the same rule.
std::string to_text(const origin&);

struct authority_parts {
  std::string host;  // canonical as in `origin`
  std::uint16_t port = 0;
};

// "host", "host:port", "[v6]:port". User information, an empty host, port 0 and characters that no host name has are
// errors. `fallback` is the port when none is written; 0 makes the port mandatory.
result<authority_parts> parse_authority(std::string_view text, std::uint16_t fallback);

struct absolute_url {
  http::origin origin;
  std::string target;  // path and query as written, "/" when empty; what an origin-form request line carries

  bool operator==(const absolute_url&) const = default;
};

// An absolute http or https URL without user information and fragment. Percent escapes stay as written.
result<absolute_url> parse_absolute(std::string_view text);

// Resolves `reference` (absolute, network-path, absolute-path or relative) against a base, RFC 3986 section 5.
result<absolute_url> resolve(const absolute_url& base, std::string_view reference);

}  // namespace regpass::http
