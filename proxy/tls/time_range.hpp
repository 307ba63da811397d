// Which times it may be. A wall clock can be years off before it is set, while the clients that verify our certificates
// may have the correct time.
#pragma once

#include "regpass/base/time.hpp"

#include <algorithm>
#include <chrono>

namespace regpass::tls {

struct time_range {
  wall_time earliest;
  wall_time latest;
};

// regpass did not exist before the first, and this version is not expected to run after the second.
inline constexpr wall_time plausible_from = std::chrono::sys_days(std::chrono::year(2024) / 1 / 1);
inline constexpr wall_time plausible_until = std::chrono::sys_days(std::chrono::year(2035) / 1 / 1);

constexpr bool plausible(wall_time at) noexcept {
  return at >= plausible_from && at < plausible_until;
}

// The possible times for a clock's reading: a plausible reading is trusted.
constexpr time_range possible_times(wall_time at) noexcept {
  if (plausible(at)) return {at, at};
  return {std::min(at, plausible_from), std::max(at, plausible_until)};
}

constexpr time_range both(const time_range& first, const time_range& second) noexcept {
  return {std::min(first.earliest, second.earliest), std::max(first.latest, second.latest)};
}

// Tracks the wall clock, and what it would show if it had not been set meanwhile.
class clock_tracker {
 public:
  explicit clock_tracker(const instant& start) noexcept : base_(start), agreed_(start.steady) {}

  time_range at(const instant& now) noexcept {
    const auto extrapolated = base_.wall + std::chrono::duration_cast<wall_time::duration>(now.steady - base_.steady);
    const auto difference = now.wall > extrapolated ? now.wall - extrapolated : extrapolated - now.wall;
    if (difference < max_slew || now.steady - agreed_ > trusted_after) {
      base_ = now;
      agreed_ = now.steady;
      return possible_times(now.wall);
    }
    return both(possible_times(now.wall), possible_times(extrapolated));
  }

 private:
  static constexpr std::chrono::minutes max_slew{1};
  static constexpr std::chrono::hours trusted_after{24};  // from then on the new time is trusted

  instant base_;
  steady_time agreed_;
};

}  // namespace regpass::tls
