#include "forward/record/id.hpp"

#include <fmt/format.h>

#include <atomic>
#include <cstdint>
#include <random>
#include <string_view>

namespace regpass::forward {

std::string new_id() {
  // A random start separates the ids of two runs; an odd multiplier visits all values before one is repeated.
  static std::atomic<std::uint32_t> counter{std::random_device{}()};
  constexpr std::string_view digits = "0123456789abcdef";
  auto rest = counter.fetch_add(1, std::memory_order_relaxed) * 2654435761U;
  std::string id(8, '0');
  for (auto at = id.rbegin(); at != id.rend(); ++at, rest /= 16) *at = digits[rest % 16];
  return id;
}

const std::string& pseudonym() {
  static const std::string name = fmt::format("regpass-{:08x}", std::random_device{}());
  return name;
}

}  // namespace regpass::forward
