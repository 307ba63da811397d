#include "platform/usable_cpus.hpp"

#include "support/temporary_directory.hpp"

#include <catch2/catch.hpp>
#include <sched.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <thread>

using namespace regpass::platform;
using regpass::testing::temporary_directory;

namespace {

struct hierarchy {
  void limit(const std::string& group, const std::string& cpu_max) const {
    std::filesystem::create_directories(at / group);
    at.put(group.empty() ? "cpu.max" : group + "/cpu.max", cpu_max);
  }
  std::size_t cpus(const std::string& own_group) const { return cpus_by_quota(at.put("own", own_group), at.path()); }
  temporary_directory at;
};

}  // namespace

TEST_CASE("A limit of CPU time is counted in whole CPUs, and a part of one as one") {
  const auto [cpu_max, cpus] = GENERATE(table<std::string, std::size_t>({{"100000 100000\n", 1},
                                                                         {"50000 100000\n", 1},
                                                                         {"150000 100000\n", 2},
                                                                         {"400000 100000\n", 4},
                                                                         {"18446744073709551615 1\n", SIZE_MAX},
                                                                         {"18446744073709551616 1\n", SIZE_MAX},
                                                                         {"18446744073709551614 3\n", SIZE_MAX / 3},
                                                                         {"max 100000\n", SIZE_MAX},
                                                                         {"200000 0\n", SIZE_MAX},
                                                                         {"200000\n", SIZE_MAX},
                                                                         {"", SIZE_MAX}}));
  const hierarchy groups;
  groups.limit("", cpu_max);
  CAPTURE(cpu_max);
  CHECK(groups.cpus("0::/\n") == cpus);
}

TEST_CASE("The least limit of a group and those that it is in holds") {
  const hierarchy groups;
  groups.limit("kubepods/pod1/regpass", "max 100000\n");
  groups.limit("kubepods/pod1", "200000 100000\n");
  groups.limit("kubepods", "1600000 100000\n");
  CHECK(groups.cpus("0::/kubepods/pod1/regpass\n") == 2);
  CHECK(groups.cpus("0::/kubepods\n") == 16);
  CHECK(groups.cpus("2:cpuacct:/pod1\n0::/kubepods/pod1\n") == 2);
}

TEST_CASE("Where there is no limit to be read there is none") {
  const hierarchy groups;
  CHECK(groups.cpus("") == SIZE_MAX);
  CHECK(groups.cpus("1:cpu:/pod1\n") == SIZE_MAX);
  CHECK(groups.cpus("0::/not/there\n") == SIZE_MAX);
  CHECK(groups.cpus("0:://absolute/\n") == SIZE_MAX);
  CHECK(groups.cpus("0::/" + std::string(70'000, 'x')) == SIZE_MAX);
  CHECK(cpus_by_quota(groups.at / "absent", groups.at.path()) == SIZE_MAX);
}

TEST_CASE("CPUs that the scheduler may not run us on do not count") {
  std::size_t counted = 0;
  std::thread([&] {
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    CPU_SET(static_cast<std::size_t>(::sched_getcpu()), &allowed);
    if (::sched_setaffinity(0, sizeof allowed, &allowed) == 0) counted = usable_cpus();
  }).join();
  CHECK(counted == 1);
}
