#include "platform/cgroup.hpp"

#include "regpass/base/file.hpp"

#include <algorithm>
#include <charconv>

namespace regpass::platform {

namespace {

constexpr std::size_t most_read = std::size_t{64} * 1024;
// What cgroup v1 writes where there is none is the largest number of whole pages.
constexpr std::size_t v1_unlimited = std::size_t{1} << 62U;

// The line of cgroup v2 is "0::/path".
std::filesystem::path group_in(std::string_view text) {
  constexpr std::string_view unified = "0::/";
  const auto begin = text.starts_with(unified) ? 0 : text.find("\n0::/");
  if (begin == std::string_view::npos) return {};
  const auto path = text.substr(text.find(unified, begin) + unified.size());
  return std::filesystem::path(path.substr(0, path.find('\n')))
      .relative_path();  // below the hierarchy, whatever it says
}

std::size_t bytes_of(std::string_view text) {
  std::size_t bytes = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), bytes);
  return problem == std::errc() && bytes < v1_unlimited ? bytes : no_limit;  // "max"
}

}  // namespace

std::size_t least_in_groups(const std::filesystem::path& own_group, const std::filesystem::path& hierarchy,
                            std::string_view name, const std::function<std::size_t(std::string_view)>& read) {
  const auto groups = read_file(own_group, most_read);
  if (!groups) return no_limit;
  std::size_t least = no_limit;
  for (auto group = group_in(*groups);; group = group.parent_path()) {
    const auto limit = read_file(hierarchy / group / name, most_read);
    if (limit) least = std::min(least, read(*limit));
    if (group.empty()) return least;
  }
}

std::size_t memory_by_groups(const std::filesystem::path& own_group, const std::filesystem::path& hierarchy) {
  const auto unified = least_in_groups(own_group, hierarchy, "memory.max", bytes_of);
  if (unified != no_limit) return unified;
  const auto v1 = read_file(hierarchy / "memory" / "memory.limit_in_bytes", most_read);
  return v1 ? bytes_of(*v1) : no_limit;
}

std::size_t memory_limit() {
  return memory_by_groups("/proc/self/cgroup", "/sys/fs/cgroup");
}

}  // namespace regpass::platform
