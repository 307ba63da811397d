// Content codings of small bodies that regpass reads itself, such as error messages (RFC 9110 section 8.4).
#pragma once

#include "regpass/http/message.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace regpass::http {

// The body without its content coding, if that is gzip or deflate; without one, the body itself. Nothing when the
// coding is another, the body is damaged or incomplete, or more than `cap` bytes would come out.
std::optional<std::string> decode_content(const fields&, std::string_view body, std::size_t cap);

}  // namespace regpass::http
