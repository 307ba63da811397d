#include "async/frame_memory.hpp"

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
  void* const first = async::take_frame(1000);
  void* const other = async::take_frame(2000);
  async::give_back_frame(first, 1000);
  async::give_back_frame(other, 2000);
  void* const again = async::take_frame(1010);  // of the same step of 64
  if (!address_sanitizer) CHECK(again == first);
  async::give_back_frame(again, 1010);
}

TEST_CASE("Frames of every size can be written to their end") {
  std::vector<std::pair<void*, std::size_t>> taken;
  for (const auto size : std::to_array<std::size_t>({1, 63, 64, 65, 4096, 8191, 8192, 8193, 100'000})) {
    taken.emplace_back(async::take_frame(size), size);
    std::memset(taken.back().first, 0x5A, size);
  }
  for (const auto& [frame, size] : taken) async::give_back_frame(frame, size);
}

TEST_CASE("A frame may be given back on another thread, and a thread keeps nothing beyond its end") {
  void* const frame = async::take_frame(300);
  std::thread([&] {
    void* const own = async::take_frame(300);
    async::give_back_frame(own, 300);
    async::give_back_frame(frame, 300);
  }).join();  // LeakSanitizer tells of what it left
  void* const mine = async::take_frame(300);
  std::memset(mine, 0, 300);
  async::give_back_frame(mine, 300);
}

}  // namespace
}  // namespace regpass::net
