// How long a message body is (RFC 9112 section 6). Refuses everything that two parsers might interpret differently.
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
// lengths, lists ("5, 5"), signs and inner blanks, a coding other than exactly "chunked", Transfer-Encoding in
// HTTP/1.0, and a missing or repeated Host header in an HTTP/1.1 request.
result<framing> request_framing(const request_head&);

// `method` is that of the request. Answers to HEAD, 1xx, 204, 304 and a 2xx to CONNECT have no body.
result<framing> response_framing(const response_head&, std::string_view method);

// Whether the connection persists after this message, according to its head (RFC 9112 section 9.3).
bool keeps_alive(const request_head&) noexcept;
bool keeps_alive(const response_head&) noexcept;

}  // namespace regpass::http
