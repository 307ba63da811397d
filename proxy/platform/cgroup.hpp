// What the control groups (cgroup v2) that this process is in allow it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string_view>

namespace regpass::platform {

inline constexpr std::size_t no_limit = SIZE_MAX;

// The least of what `read` makes of the file `name` in the group that `own_group` names, in the form of
// /proc/self/cgroup, and in those that it is in. What cannot be read limits nothing.
std::size_t least_in_groups(const std::filesystem::path& own_group, const std::filesystem::path& hierarchy,
                            std::string_view name, const std::function<std::size_t(std::string_view)>& read);

// Bytes, by memory.max; or by memory.limit_in_bytes where the hierarchy is that of cgroup v1.
std::size_t memory_by_groups(const std::filesystem::path& own_group, const std::filesystem::path& hierarchy);
std::size_t memory_limit();

}  // namespace regpass::platform
