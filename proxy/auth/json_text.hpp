// JSON that may hold secrets: parsed by Boost.JSON into memory that is wiped when it goes, with a bound on the depth.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>

namespace regpass::auth {

struct json_problem {
  std::size_t at = 0;  // offset of the first byte that does not fit
  std::string what;    // "syntax error", "incomplete JSON", …
};

inline constexpr std::size_t json_depth = 32;

// The whole text is one value, behind a byte order mark of UTF-8 or not; of members with the same name the last one
// wins.
std::expected<boost::json::value, json_problem> parse_json(std::string_view text);

// The member's text; empty when it is absent or no string.
std::string_view string_member(const boost::json::object&, std::string_view name) noexcept;

}  // namespace regpass::auth
