// Decodes the content coding of small bodies that regpass reads itself, such as errors (RFC 9110 section 8.4).
#pragma once

#include "regpass/http/message.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace regpass::http {

// Decodes gzip or deflate; a body without a content coding is returned unchanged. Nothing if it has another coding, is
// damaged or incomplete, or would exceed `cap` bytes.
std::optional<std::string> decode_content(const fields&, std::string_view body, std::size_t cap);

}  // namespace regpass::http
