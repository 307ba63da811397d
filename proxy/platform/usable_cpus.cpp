#include "platform/usable_cpus.hpp"

#include "platform/cgroup.hpp"

#include <sched.h>

#include <algorithm>
#include <charconv>
#include <string_view>
#include <thread>

namespace regpass::platform {

namespace {

// Reads a number off the front of `text` with the blank behind it.
bool take_number(std::string_view& text, std::size_t& into) {
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), into);
  if (problem != std::errc()) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (!text.empty()) text.remove_prefix(1);
  return true;
}

std::size_t cpus_of(std::string_view cpu_max) {
  std::size_t quota = 0;
  std::size_t period = 0;
  if (!take_number(cpu_max, quota) || !take_number(cpu_max, period) || period == 0) return no_limit;
  return std::max<std::size_t>(quota / period + (quota % period == 0 ? 0 : 1), 1);
}

std::size_t cpus_by_affinity() {
  cpu_set_t ours;
  if (::sched_getaffinity(0, sizeof ours, &ours) == 0) return static_cast<std::size_t>(CPU_COUNT(&ours));
  return std::thread::hardware_concurrency();  // more than 1,024
}

}  // namespace

std::size_t cpus_by_quota(const std::filesystem::path& own_group, const std::filesystem::path& hierarchy) {
  return least_in_groups(own_group, hierarchy, "cpu.max", cpus_of);
}

std::size_t usable_cpus() {
  const auto by_quota = cpus_by_quota("/proc/self/cgroup", "/sys/fs/cgroup");
  return std::max<std::size_t>(std::min(cpus_by_affinity(), by_quota), 1);
}

}  // namespace regpass::platform
