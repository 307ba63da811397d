#include "id.hpp"

#include <fmt/format.h>

#include <atomic>
#include <cstdint>
#include <random>

namespace regpass::forward {

std::string new_id() {
  // A random start keeps the ids of two runs apart; an odd multiplier walks through all values before one comes back.
  static std::atomic<std::uint32_t> counter{std::random_device{}()};
  return fmt::format("{:08x}", counter.fetch_add(1, std::memory_order_relaxed) * 2654435761U);
}

const std::string& pseudonym() {
  static const std::string name = fmt::format("regpass-{:08x}", std::random_device{}());
  return name;
}

}  // namespace regpass::forward
