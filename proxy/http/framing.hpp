// How long a message body is (RFC 9112 section 6), refusing everything two parsers might read differently.
#pragma once

#include "regpass/base/error.hpp"
#include "regpass/http/message.hpp"

#include <cstdint>
#include <string_view>

namespace regpass::http {

struct framing {
  enum class kind : std::uint8_t { none, counted, chunked, until_close };
  kind how = kind::none;
  std::uint64_t length = 0;  // of a counted body; 0 with `counted` means an explicit Content-Length: 0

  bool has_body() const noexcept { return how != kind::none && !(how == kind::counted && length == 0); }
};

// Errors are errc::bad_message whose detail names the header. Refused: Content-Length with Transfer-Encoding, several
// or unequal lengths, lists ("5, 5"), signs and blanks inside, a coding other than exactly "chunked", Transfer-Encoding
// in HTTP/1.0, no or several Host headers in a request of HTTP/1.1.
result<framing> request_framing(const request_head&);

// `method` is that of the request answered: HEAD has no body, nor have 1xx, 204 and 304, nor a 2xx to CONNECT.
result<framing> response_framing(const response_head&, std::string_view method);

// Does the connection live on after this message, as far as its head says (RFC 9112 section 9.3)?
bool keeps_alive(const request_head&) noexcept;
bool keeps_alive(const response_head&) noexcept;

}  // namespace regpass::http
