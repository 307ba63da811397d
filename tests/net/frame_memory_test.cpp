#include "regpass/net/frame_memory.hpp"

#include "regpass/base/sanitizer.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <cstddef>
#include <cstring>
#include <thread>
#include <utility>
#include <vector>

namespace regpass::net {
namespace {

TEST_CASE("What was given back last is taken next, if it is of that size") {
  void* const first = take_frame(1000);
  void* const other = take_frame(2000);
  give_back_frame(first, 1000);
  give_back_frame(other, 2000);
  void* const again = take_frame(1010);  // of the same step of 64
  if (!address_sanitizer) CHECK(again == first);
  give_back_frame(again, 1010);
}

TEST_CASE("Frames of every size can be written to their end") {
  std::vector<std::pair<void*, std::size_t>> taken;
  for (const auto size : std::to_array<std::size_t>({1, 63, 64, 65, 4096, 8191, 8192, 8193, 100'000})) {
    taken.emplace_back(take_frame(size), size);
    std::memset(taken.back().first, 0x5A, size);
  }
  for (const auto& [frame, size] : taken) give_back_frame(frame, size);
}

TEST_CASE("A frame may be given back on another thread, and a thread keeps nothing beyond its end") {
  void* const frame = take_frame(300);
  std::thread([&] {
    void* const own = take_frame(300);
    give_back_frame(own, 300);
    give_back_frame(frame, 300);
  }).join();  // LeakSanitizer tells of what it left
  void* const mine = take_frame(300);
  std::memset(mine, 0, 300);
  give_back_frame(mine, 300);
}

}  // namespace
}  // namespace regpass::net
