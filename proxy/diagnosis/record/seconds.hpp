// Arithmetic on untrusted seconds.
#pragma once

#include <cstdint>
#include <optional>

namespace regpass::diagnosis {

// Within 30,000 years.
constexpr bool is_plausible(std::int64_t seconds) noexcept {
  constexpr std::int64_t bound = 1'000'000'000'000;
  return seconds < bound && seconds > -bound;
}

constexpr std::optional<std::int64_t> seconds_between(std::int64_t from, std::int64_t to) noexcept {
  if (!is_plausible(from) || !is_plausible(to)) return std::nullopt;
  return to - from;
}

}  // namespace regpass::diagnosis
