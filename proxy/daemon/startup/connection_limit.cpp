#include "daemon/startup/connection_limit.hpp"

#include "platform/cgroup.hpp"

#include <sys/resource.h>

#include <algorithm>

namespace regpass::daemon {

namespace {

constexpr std::size_t most_connections = 10'000;
constexpr std::size_t fewest_connections = 64;
constexpr std::size_t kib = 1024;
constexpr std::size_t mib = 1024 * kib;

// For the three side listeners with 32 clients each, for files and for name lookups.
constexpr std::size_t spare_descriptors = 160;
// Memory of an idle client connection: its TLS state and its share of buffers.
constexpr std::size_t memory_each = 64 * kib;
// Memory of the program itself: CA, certificates, tokens, the history of exchanges.
constexpr std::size_t own_memory = 64 * mib;

}  // namespace

connection_limit choose_connection_limit(std::size_t configured, std::size_t open_files, std::size_t memory) {
  if (configured > 0) return {configured, "limits.connections"};
  connection_limit chosen{most_connections, "the default"};
  // Each client connection may need an upstream connection, so half of the descriptors are for clients.
  if (open_files > spare_descriptors && (open_files - spare_descriptors) / 2 < chosen.count) {
    chosen = {(open_files - spare_descriptors) / 2, "the limit of open files, " + std::to_string(open_files)};
  }
  const auto fit = std::max((memory - std::min(own_memory, memory / 2)) / memory_each, fewest_connections);
  if (fit < chosen.count) chosen = {fit, "the memory limit of " + std::to_string(memory / mib) + " MiB"};
  return chosen;
}

connection_limit connection_limit_for(std::size_t configured) {
  rlimit files{};
  const bool known = ::getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur != RLIM_INFINITY;
  return choose_connection_limit(configured, known ? files.rlim_cur : platform::no_limit, platform::memory_limit());
}

}  // namespace regpass::daemon
