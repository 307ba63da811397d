// What time it may be. A wall clock can be years off before it is set, and whoever judges our certificates may have a
// right one.
#pragma once

#include "regpass/base/time.hpp"

#include <algorithm>
#include <chrono>

namespace regpass::tls {

struct moments {
  wall_time earliest;
  wall_time latest;
};

// No regpass is older than the first, and none is expected to run after the second.
inline constexpr wall_time plausible_from = std::chrono::sys_days(std::chrono::year(2024) / 1 / 1);
inline constexpr wall_time plausible_until = std::chrono::sys_days(std::chrono::year(2035) / 1 / 1);

constexpr bool plausible(wall_time at) noexcept {
  return at >= plausible_from && at < plausible_until;
}

// Of one clock: a plausible time is taken for what it says.
constexpr moments moments_of(wall_time at) noexcept {
  if (plausible(at)) return {at, at};
  return {std::min(at, plausible_from), std::max(at, plausible_until)};
}

constexpr moments both(const moments& one, const moments& other) noexcept {
  return {std::min(one.earliest, other.earliest), std::max(one.latest, other.latest)};
}

// The wall clock, and where it would stand had nobody set it.
class clock_pair {
 public:
  explicit clock_pair(const instant& start) noexcept : base_(start), agreed_(start.steady) {}

  moments at(const instant& now) noexcept {
    const auto carried_on = base_.wall + std::chrono::duration_cast<wall_time::duration>(now.steady - base_.steady);
    const auto apart = now.wall > carried_on ? now.wall - carried_on : carried_on - now.wall;
    if (apart < slewing || now.steady - agreed_ > believed_for) {
      base_ = now;
      agreed_ = now.steady;
      return moments_of(now.wall);
    }
    return both(moments_of(now.wall), moments_of(carried_on));
  }

 private:
  static constexpr std::chrono::minutes slewing{1};
  static constexpr std::chrono::hours believed_for{24};  // from then on the clock is taken to be set right

  instant base_;
  steady_time agreed_;
};

}  // namespace regpass::tls
