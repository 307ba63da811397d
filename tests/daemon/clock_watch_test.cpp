#include "daemon/report/clock_watch.hpp"

#include <catch2/catch.hpp>

using namespace regpass;
using namespace regpass::daemon;
using namespace std::chrono_literals;

TEST_CASE("F05 a clock that was set is told from one that goes, and from one that is slewed") {
  const instant before{steady_time(1h), wall_time(1000h)};
  const auto after = [&](auto steady, auto wall) { return instant{before.steady + steady, before.wall + wall}; };
  CHECK_FALSE(clock_jump(before, after(5s, 5s)));
  CHECK_FALSE(clock_jump(before, after(5s, 64s)));
  CHECK_FALSE(clock_jump(before, after(5s, -54s)));
  CHECK_FALSE(clock_jump(before, after(24h, 24h)));
  CHECK(clock_jump(before, after(5s, 65s)) == 60s);
  CHECK(clock_jump(before, after(5s, -3600s)) == -3605s);
  CHECK(clock_jump(before, after(5s, 24h * 365 * 30)) == 24h * 365 * 30 - 5s);
}
