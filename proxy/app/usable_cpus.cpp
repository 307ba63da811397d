#include "usable_cpus.hpp"

#include "regpass/base/file.hpp"

#include <sched.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>
#include <thread>

namespace regpass::app {

namespace {

constexpr std::size_t unlimited = SIZE_MAX;
constexpr std::size_t most_read = std::size_t{64} * 1024;

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
  if (!take_number(cpu_max, quota) || !take_number(cpu_max, period) || period == 0) return unlimited;
  return std::max<std::size_t>(quota / period + (quota % period == 0 ? 0 : 1), 1);
}

// The line of cgroup v2 is "0::/path".
std::filesystem::path group_in(std::string_view text) {
  constexpr std::string_view unified = "0::/";
  const auto begin = text.starts_with(unified) ? 0 : text.find("\n0::/");
  if (begin == std::string_view::npos) return {};
  const auto path = text.substr(text.find(unified, begin) + unified.size());
  return std::filesystem::path(path.substr(0, path.find('\n')))
      .relative_path();  // below the hierarchy, whatever it says
}

std::size_t cpus_by_affinity() {
  cpu_set_t ours;
  if (::sched_getaffinity(0, sizeof ours, &ours) == 0) return static_cast<std::size_t>(CPU_COUNT(&ours));
  return std::thread::hardware_concurrency();  // more than 1,024
}

}  // namespace

std::size_t cpus_by_quota(const std::filesystem::path& own_group, const std::filesystem::path& hierarchy) {
  const auto groups = read_file(own_group, most_read);
  if (!groups) return unlimited;
  std::size_t least = unlimited;
  for (auto group = group_in(*groups);; group = group.parent_path()) {
    const auto limit = read_file(hierarchy / group / "cpu.max", most_read);
    if (limit) least = std::min(least, cpus_of(*limit));
    if (group.empty()) return least;
  }
}

std::size_t usable_cpus() {
  const auto by_quota = cpus_by_quota("/proc/self/cgroup", "/sys/fs/cgroup");
  return std::max<std::size_t>(std::min(cpus_by_affinity(), by_quota), 1);
}

}  // namespace regpass::app
