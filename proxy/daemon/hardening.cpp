#include "daemon/hardening.hpp"

#include "daemon/side_listeners.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace regpass::daemon {

namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr bool traces_itself = true;  // LeakSanitizer looks for leaks as a debugger would
#elif defined(__has_feature)
constexpr bool traces_itself = __has_feature(address_sanitizer);
#else
constexpr bool traces_itself = false;
#endif

// Which mappings a core dump has (core(5)): none. The file is ours only as long as the process is dumpable.
std::string empty_dumps() {
  ::prctl(PR_SET_DUMPABLE, 1);
  const int filter = ::open("/proc/self/coredump_filter", O_WRONLY | O_CLOEXEC);
  const bool written = filter >= 0 && ::write(filter, "0", 1) == 1;
  const std::string problem = written ? "" : std::strerror(errno);
  if (filter >= 0) ::close(filter);
  hide_memory();
  return problem;
}

// Whatever the umask. One that is there keeps its mode.
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

confinement confinement_for(const config::settings& settings) {
  confinement made;
  made.writable = {settings.state_dir, settings.tls.ca_dir, settings.tls.publish_dir};
  if (!settings.log.file.empty()) made.writable.push_back(settings.log.file.parent_path());
  if (settings.client_auth.create) made.writable.push_back(settings.client_auth.secret_file.parent_path());
  if (!settings.tls.key_log_file.empty()) made.writable.push_back(settings.tls.key_log_file.parent_path());
  if (const auto socket = admin_socket(settings); !socket.empty()) made.writable.push_back(socket.parent_path());
  made.published = settings.tls.publish_dir;
  made.runs_programs = settings.credentials.helpers || !settings.credentials.kubelet_providers.empty();
  return made;
}

boost::json::object confine(const confinement& how) {
  boost::json::object reached;
  reached["empty_dumps"] = outcome(empty_dumps());
  const bool humble = ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
  reached["no_new_privileges"] = outcome(humble ? "" : std::strerror(errno));
  if (!how.runs_programs && !how.published.empty()) make_public(how.published);
  reached["landlock"] =
      outcome(how.runs_programs ? "credential programs may be run (credentials.helpers = false rules them out)"
                                : restrict_files(how.writable));
  reached["seccomp"] = outcome(traces_itself ? "a sanitizer traces it" : refuse_system_calls());
  return reached;
}

}  // namespace regpass::daemon
