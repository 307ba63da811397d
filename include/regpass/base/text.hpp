// Sanitises untrusted text for logs, terminals and status lines.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace regpass {

// Valid UTF-8 without control, bidirectional and line-separator characters: each of those becomes \xNN or \u{NNNN},
// invalid bytes \xNN. At most `cap` bytes; what was cut is marked by "…".
std::string clean(std::string_view text, std::size_t cap = 512);
bool is_printable_ascii(std::string_view text) noexcept;  // then `clean` changes nothing but the length

// As `clean`, but printable ASCII only (what a status line may carry); other characters become '?', "…" becomes "...".
std::string ascii_line(std::string_view text, std::size_t cap = 200);

// A URL or request target with every query value masked unless its name is harmless in a registry's API
// (scope, service, account, client_id, mount, from, digest, ns, n, last, artifactType):
// "/blob?X-Amz-Signature=***&digest=sha256:…".
std::string masked_url(std::string_view url);

bool iequals(std::string_view a, std::string_view b) noexcept;  // ASCII only
std::string lower(std::string_view text);                       // ASCII only
std::string_view trim(std::string_view text) noexcept;          // blanks, tabs, CR, LF

// The candidate that was probably meant by a misspelt `word`; nothing if none is close.
std::optional<std::string_view> nearest(std::string_view word, std::span<const std::string> candidates);

// Base64 of RFC 4648 section 4. Decoding requires the correct alphabet and padding, and reports where they are wrong.
std::string base64(std::string_view bytes);
struct base64_error {
  std::size_t at;      // offset of the first offending character
  std::string reason;  // "character '-' is of the URL-safe alphabet", "line break", "length 5 is no multiple of 4 …"
};
// On success the decoded bytes are in `out`.
std::optional<base64_error> decode_base64(std::string_view text, std::string& out);
// Unpadded URL-safe alphabet, as in JWTs.
std::optional<std::string> decode_base64url(std::string_view text);

std::string hex(std::string_view bytes);

}  // namespace regpass
