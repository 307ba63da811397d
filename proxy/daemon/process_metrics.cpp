#include "daemon/process_metrics.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

namespace regpass::daemon {

namespace {

using forward::metrics;

double cpu_seconds() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& at) {
    return static_cast<double>(at.tv_sec) + static_cast<double>(at.tv_usec) / 1e6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

// proc(5), statm: total size and resident size, in pages.
double memory(int which) {
  std::ifstream file("/proc/self/statm");
  double pages = 0;
  for (int i = 0; i <= which; ++i) file >> pages;
  return pages * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

double open_descriptors() {
  std::error_code ignored;
  std::filesystem::directory_iterator all("/proc/self/fd", ignored);
  return static_cast<double>(std::distance(begin(all), end(all)));
}

double max_descriptors() {
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  return static_cast<double>(files.rlim_cur);
}

double start_time() {
  static const auto began = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  return began;
}

struct process_metric {
  const char* name;
  const char* help;
  metrics::kind kind;
  double (*read)();
};

constexpr std::array process_table{
    process_metric{"process_cpu_seconds_total", "User and system CPU time.", metrics::kind::counter, cpu_seconds},
    process_metric{"process_resident_memory_bytes", "Resident memory.", metrics::kind::gauge, [] { return memory(1); }},
    process_metric{"process_virtual_memory_bytes", "Mapped memory.", metrics::kind::gauge, [] { return memory(0); }},
    process_metric{"process_open_fds", "Open file descriptors.", metrics::kind::gauge, open_descriptors},
    process_metric{"process_max_fds", "Maximum number of open file descriptors.", metrics::kind::gauge,
                   max_descriptors},
    process_metric{"process_start_time_seconds", "Start time, in seconds since the epoch.", metrics::kind::gauge,
                   start_time},
};

}  // namespace

void observe_process(metrics& into) {
  start_time();
  for (const auto& row : process_table) {
    into.observe(row.name, row.help, row.kind,
                 [read = row.read] { return std::vector<metrics::sample>{{{}, read()}}; });
  }
}

}  // namespace regpass::daemon
