#include "daemon/process_metrics.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

namespace regpass::daemon {

namespace {

using forward::metrics;
using samples = std::vector<metrics::sample>;

samples one(double value) {
  return {{{}, value}};
}

double cpu_seconds() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& at) {
    return static_cast<double>(at.tv_sec) + static_cast<double>(at.tv_usec) / 1e6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

// proc(5), statm: the whole size and what is resident, in pages.
double memory(int which) {
  std::ifstream file("/proc/self/statm");
  double pages = 0;
  for (int i = 0; i <= which; ++i) file >> pages;
  return pages * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

double open_descriptors() {
  std::error_code none;
  std::filesystem::directory_iterator all("/proc/self/fd", none);
  return static_cast<double>(std::distance(begin(all), end(all)));
}

double most_descriptors() {
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  return static_cast<double>(files.rlim_cur);
}

}  // namespace

void observe_process(metrics& into) {
  using enum metrics::kind;
  const auto began = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  into.observe("process_cpu_seconds_total", "Processor time in user and system.", counter,
               [] { return one(cpu_seconds()); });
  into.observe("process_resident_memory_bytes", "Memory that is resident.", gauge, [] { return one(memory(1)); });
  into.observe("process_virtual_memory_bytes", "Memory that is mapped.", gauge, [] { return one(memory(0)); });
  into.observe("process_open_fds", "Descriptors that are open.", gauge, [] { return one(open_descriptors()); });
  into.observe("process_max_fds", "Descriptors that may be open.", gauge, [] { return one(most_descriptors()); });
  into.observe("process_start_time_seconds", "When it was started, since the epoch.", gauge,
               [began] { return one(began); });
}

}  // namespace regpass::daemon
