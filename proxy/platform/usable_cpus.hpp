// How many CPUs this process may use, which in a pod are fewer than the node has: more threads than that take turns,
// each with caches and connections of its own.
#pragma once

#include <cstddef>
#include <filesystem>

namespace regpass::platform {

// By cgroup v2's limits of CPU time (cpu.max, "QUOTA PERIOD" or "max PERIOD") of the group that `own_group` names, in
// the form of /proc/self/cgroup, and of those that it is in, with a part of a CPU counted as one; SIZE_MAX: no limit.
// What cannot be read limits nothing.
std::size_t cpus_by_quota(const std::filesystem::path& own_group, const std::filesystem::path& hierarchy);

// The least of that and of the CPUs that the scheduler may run us on (sched_setaffinity, cpusets); at least 1.
std::size_t usable_cpus();

}  // namespace regpass::platform
