// Time as an argument: pure code gets the current time from its caller. Ages are measured on the steady clock, dates on
// the wall clock.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace regpass {

using steady_time = std::chrono::steady_clock::time_point;
using wall_time = std::chrono::system_clock::time_point;

struct instant {
  steady_time steady;
  wall_time wall;
};

instant now() noexcept;

// RFC 3339 in UTC with milliseconds: "2026-08-01T17:55:03.120Z".
std::string rfc3339(wall_time at);
// Accepts fractions and numeric offsets, and only complete date-times.
std::optional<wall_time> parse_rfc3339(std::string_view text);
// IMF-fixdate of RFC 9110 section 5.6.7 ("Sun, 06 Nov 1994 08:49:37 GMT"); the obsolete forms are not.
std::optional<wall_time> parse_http_date(std::string_view text);

// "250ms", "10s", "5m", "1h", "2d"; no sign, no fraction, no space, one unit.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);
std::string duration_text(std::chrono::milliseconds);

}  // namespace regpass
