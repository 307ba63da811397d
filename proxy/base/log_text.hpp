// Untrusted texts as cleaned JSON strings, for log lines.
#pragma once

#include <boost/json/value.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace regpass::log {

constexpr std::size_t longest_text = 8192;  // as long as the longest header that is evidence (a challenge)

void append_text(std::string& out, std::string_view text);
// As Boost.JSON serialises it, but cleaned.
void append_value(std::string& out, const boost::json::value& v, int depth = 0);

}  // namespace regpass::log
