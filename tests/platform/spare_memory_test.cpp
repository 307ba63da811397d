#include "platform/spare_memory.hpp"

#include "support/resident_memory.hpp"

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include <chrono>
#include <memory>
#include <vector>

using namespace regpass::platform;

namespace {

constexpr std::size_t mib = std::size_t{1} << 20U;

void come_and_leave(std::vector<std::unique_ptr<char[]>>& in_use) {
  std::vector<std::unique_ptr<char[]>> crowd;
  for (int i = 0; i < 2000; ++i) {
    crowd.push_back(std::make_unique<char[]>(32 * 1024));
    in_use.push_back(std::make_unique<char[]>(4096));
  }
}

bool shrinks_to(std::size_t enough, boost::asio::io_context& loop) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{20};
  while (regpass::testing::resident_memory() > enough && std::chrono::steady_clock::now() < until) {
    loop.run_for(std::chrono::milliseconds{50});
  }
  return regpass::testing::resident_memory() <= enough;
}

}  // namespace

TEST_CASE("A4: memory that was freed is given back once it stays free, once for each crowd") {
  heap_watch one;
  CHECK_FALSE(one.worth_trimming(2 * mib));
  CHECK_FALSE(one.worth_trimming(100 * mib));
  CHECK(one.worth_trimming(100 * mib));
  CHECK_FALSE(one.worth_trimming(100 * mib));
  CHECK_FALSE(one.worth_trimming(101 * mib));
  // The next crowd takes what was free, and leaves.
  CHECK_FALSE(one.worth_trimming(20 * mib));
  CHECK_FALSE(one.worth_trimming(90 * mib));
  CHECK(one.worth_trimming(95 * mib));
}

TEST_CASE("A4: what comes and goes under load, and a few MiB, are kept") {
  heap_watch one;
  CHECK_FALSE(one.worth_trimming(mib));
  for (int i = 0; i < 5; ++i) {
    CHECK_FALSE(one.worth_trimming(30 * mib));
    CHECK_FALSE(one.worth_trimming(2 * mib));
  }
  for (int i = 0; i < 5; ++i) CHECK_FALSE(one.worth_trimming(7 * mib));
}

TEST_CASE("A4: pages between pieces that are in use go back to the system without any client's coming or going") {
  if (regpass::testing::sanitized) return;
  boost::asio::io_context loop;
  regpass::async::spawn(loop.get_executor(), give_back_memory(loop.get_executor(), std::chrono::milliseconds{20}),
                        "memory");
  loop.run_for(std::chrono::milliseconds{100});
  const auto start = regpass::testing::resident_memory();
  std::vector<std::unique_ptr<char[]>> in_use;
  come_and_leave(in_use);
  CHECK(shrinks_to(start + 30 * mib, loop));
}

TEST_CASE("A4: a crowd that comes and leaves between two looks is noticed, the first one and the next one") {
  if (regpass::testing::sanitized) return;
  boost::asio::io_context loop;
  regpass::async::spawn(loop.get_executor(), give_back_memory(loop.get_executor(), std::chrono::milliseconds{200}),
                        "memory");
  loop.poll();
  for (int i = 0; i < 2; ++i) {
    const auto start = regpass::testing::resident_memory();
    std::vector<std::unique_ptr<char[]>> in_use;
    come_and_leave(in_use);
    CHECK(shrinks_to(start + 30 * mib, loop));
  }
}
