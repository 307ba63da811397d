#include "regpass/base/time.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace regpass;
using namespace std::chrono;

namespace {

const wall_time example = sys_days{year{2026} / August / 1} + 17h + 55min + 3s + 120ms;

}  // namespace

TEST_CASE("wall time is written as RFC 3339 in UTC with milliseconds, rounded down") {
  CHECK(rfc3339(example) == "2026-08-01T17:55:03.120Z");
  CHECK(rfc3339(example + 999us) == "2026-08-01T17:55:03.120Z");
  CHECK(rfc3339(wall_time{}) == "1970-01-01T00:00:00.000Z");
  CHECK(rfc3339(wall_time{} - 1ms) == "1969-12-31T23:59:59.999Z");
}

TEST_CASE("RFC 3339 is read with fractions and offsets") {
  CHECK(parse_rfc3339("2026-08-01T17:55:03.120Z") == example);
  CHECK(parse_rfc3339("2026-08-01t17:55:03.12z") == example);
  CHECK(parse_rfc3339("2026-08-01T19:55:03.120+02:00") == example);
  CHECK(parse_rfc3339("2026-08-01T13:25:03.120-04:30") == example);
  CHECK(parse_rfc3339("2026-08-01T17:55:03.120000000123Z") == example);
  CHECK(parse_rfc3339("2026-08-01T17:55:03Z") == example - 120ms);
  CHECK(parse_rfc3339("2016-12-31T23:59:60Z") == sys_days{year{2017} / January / 1});
  CHECK(parse_rfc3339("2024-02-29T00:00:00Z") == sys_days{year{2024} / February / 29});
}

TEST_CASE("what is not a complete RFC 3339 date-time is refused") {
  const std::string text =
      GENERATE("", "2026", "2026-08-01", "2026-08-01T17:55:03", "2026-08-01 17:55:03Z", "2026-08-01T17:55Z",
               "2026-08-01T17:55:03.Z", "2026-08-01T17:55:03,5Z", "2026-08-01T17:55:03+0200", "2026-08-01T17:55:03+02",
               "2026-08-01T17:55:03+24:00", "2026-08-01T17:55:03+02:60", "2026-13-01T17:55:03Z", "2026-00-01T17:55:03Z",
               "2026-02-29T17:55:03Z", "2026-08-01T24:00:00Z", "2026-08-01T17:60:03Z", "2026-08-01T17:55:61Z",
               "2026-08-01T17:55:03Z ", " 2026-08-01T17:55:03Z", "26-08-01T17:55:03Z", "-026-08-01T17:55:03Z",
               "+026-08-01T17:55:03Z", "2026-08-01T17:55:03ZZ", "2026-8-1T17:55:03Z", "0001-01-01T00:00:00Z",
               "9999-12-31T23:59:59Z");
  CAPTURE(text);
  CHECK_FALSE(parse_rfc3339(text));
}

TEST_CASE("HTTP dates are read in IMF-fixdate form") {
  CHECK(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT") == sys_days{year{1994} / November / 6} + 8h + 49min + 37s);
}

TEST_CASE("obsolete and wrong HTTP dates are refused") {
  const std::string text =
      GENERATE("", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", "Mon, 06 Nov 1994 08:49:37 GMT",
               "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 06 nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 UTC",
               "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 25:49:37 GMT", "Sun, 31 Feb 1994 08:49:37 GMT",
               "Sun, 06 Nov 1994 08:49:37 GMT ", "Sun, 06 Nov 94 08:49:37 GMT");
  CAPTURE(text);
  CHECK_FALSE(parse_http_date(text));
}

TEST_CASE("durations are a count and one unit") {
  CHECK(parse_duration("250ms") == 250ms);
  CHECK(parse_duration("10s") == 10s);
  CHECK(parse_duration("5m") == 5min);
  CHECK(parse_duration("1h") == 1h);
  CHECK(parse_duration("2d") == 48h);
  CHECK(parse_duration("0s") == 0s);
  CHECK(parse_duration("36500d") == days{36500});
}

TEST_CASE("other spellings of durations are refused") {
  const std::string text = GENERATE("", "10", "s", "-10s", "+10s", "1.5s", "10 s", " 10s", "10s ", "1m30s", "10S",
                                    "10sec", "36501d", "9223372036854775807d", "99999999999999999999s", "0x10s");
  CAPTURE(text);
  CHECK_FALSE(parse_duration(text));
}

TEST_CASE("durations are written in the largest unit that divides them, and read back") {
  CHECK(duration_text(0ms) == "0s");
  CHECK(duration_text(250ms) == "250ms");
  CHECK(duration_text(90s) == "90s");
  CHECK(duration_text(120s) == "2m");
  CHECK(duration_text(48h) == "2d");
  const auto span = GENERATE(1ms, 999ms, 1500ms, 60000ms, 3600000ms, 86400000ms, 86400001ms);
  CHECK(parse_duration(duration_text(span)) == span);
}

TEST_CASE("now moves forward on the steady clock") {
  const auto a = now();
  const auto b = now();
  CHECK(b.steady >= a.steady);
}
