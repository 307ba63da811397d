#include "daemon/startup/connection_limit.hpp"

#include "platform/cgroup.hpp"
#include "support/temporary_directory.hpp"

#include <catch2/catch.hpp>

#include <filesystem>

using namespace regpass::daemon;
using Catch::Matchers::Contains;

namespace {

constexpr std::size_t mib = std::size_t{1} << 20U;

}  // namespace

TEST_CASE("A5: the default number of connections fits the memory limit and the open files") {
  CHECK(choose_connection_limit(0, regpass::platform::no_limit, regpass::platform::no_limit).count == 10'000);
  CHECK(choose_connection_limit(0, 1024, regpass::platform::no_limit).count == 432);
  CHECK(choose_connection_limit(0, regpass::platform::no_limit, 256 * mib).count == 3072);
  CHECK(choose_connection_limit(0, regpass::platform::no_limit, 64 * mib).count == 512);
  CHECK(choose_connection_limit(0, regpass::platform::no_limit, mib).count == 64);
  CHECK(choose_connection_limit(0, 1024, 256 * mib).count == 432);
  CHECK(choose_connection_limit(7000, 1024, 256 * mib).count == 7000);
  CHECK_THAT(choose_connection_limit(0, regpass::platform::no_limit, 256 * mib).reason,
             Contains("memory limit of 256 MiB"));
  CHECK_THAT(choose_connection_limit(0, 1024, 256 * mib).reason, Contains("open files"));
}

TEST_CASE("A5: the least memory limit of a group and of those that it is in holds") {
  const regpass::testing::temporary_directory at;
  std::filesystem::create_directories(at / "kubepods/pod1/regpass");
  at.put("kubepods/pod1/regpass/memory.max", "max\n");
  at.put("kubepods/pod1/memory.max", "268435456\n");
  at.put("kubepods/memory.max", "8589934592\n");
  CHECK(regpass::platform::memory_by_groups(at.put("own", "0::/kubepods/pod1/regpass\n"), at.path()) == 256 * mib);
  CHECK(regpass::platform::memory_by_groups(at.put("own", "0::/kubepods\n"), at.path()) == 8192 * mib);
  CHECK(regpass::platform::memory_by_groups(at.put("own", "0::/elsewhere\n"), at.path()) ==
        regpass::platform::no_limit);
  std::filesystem::create_directories(at / "memory");
  at.put("memory/memory.limit_in_bytes", "9223372036854771712\n");
  CHECK(regpass::platform::memory_by_groups(at.put("own", "4:memory:/x\n"), at.path()) == regpass::platform::no_limit);
  at.put("memory/memory.limit_in_bytes", "268435456\n");
  CHECK(regpass::platform::memory_by_groups(at.put("own", "4:memory:/x\n"), at.path()) == 256 * mib);
}
