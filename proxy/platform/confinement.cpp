#include "regpass/platform/confinement.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace regpass::platform {

namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr bool traces_itself = true;  // LeakSanitizer attaches like a debugger
#elif defined(__has_feature)
constexpr bool traces_itself = __has_feature(address_sanitizer);
#else
constexpr bool traces_itself = false;
#endif

// Selects no mappings for core dumps (core(5)). The file belongs to us only while the process is dumpable.
std::string empty_dumps() {
  ::prctl(PR_SET_DUMPABLE, 1);
  const int filter = ::open("/proc/self/coredump_filter", O_WRONLY | O_CLOEXEC);
  const bool written = filter >= 0 && ::write(filter, "0", 1) == 1;
  const std::string problem = written ? "" : std::strerror(errno);
  if (filter >= 0) ::close(filter);
  hide_memory();
  return problem;
}

// Regardless of the umask. An existing directory keeps its mode.
void make_public(const std::filesystem::path& directory) {
  std::error_code ignored;
  std::filesystem::create_directories(directory.parent_path(), ignored);
  if (::mkdir(directory.c_str(), 0755) == 0) ::chmod(directory.c_str(), 0755);
}

std::string outcome(const std::string& problem) {
  return problem.empty() ? "on" : "off: " + problem;
}

}  // namespace

void hide_memory() noexcept {
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  if (!traces_itself) ::prctl(PR_SET_DUMPABLE, 0);
}

boost::json::object confine(const confinement& limits) {
  boost::json::object outcomes;
  outcomes["empty_dumps"] = outcome(empty_dumps());
  const bool permanent = ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
  outcomes["no_new_privileges"] = outcome(permanent ? "" : std::strerror(errno));
  if (!limits.runs_programs && !limits.published.empty()) make_public(limits.published);
  outcomes["landlock"] =
      outcome(limits.runs_programs ? "credential programs may be run (set credentials.helpers = false to prevent it)"
                                   : restrict_files(limits.writable));
  outcomes["seccomp"] = outcome(traces_itself ? "a sanitizer is attached" : refuse_system_calls());
  return outcomes;
}

}  // namespace regpass::platform
