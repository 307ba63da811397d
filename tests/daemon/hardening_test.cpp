// What the process gives up, tried in a child (T28).
#include "daemon/hardening.hpp"

#include "support/temporary_directory.hpp"

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <functional>

using namespace regpass;
using namespace regpass::daemon;
using namespace regpass::testing;

namespace {

// A child that runs `what` and exits with its result; the exit status, or minus the signal.
int in_child(const std::function<int()>& what) {
  const auto child = ::fork();
  if (child == 0) ::_exit(what());
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

int refused_with(int expected, long outcome) {
  return outcome == -1 && errno == expected ? 0 : 1;
}

bool can_write(const std::filesystem::path& file) {
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT, 0600);
  if (fd >= 0) ::close(fd);
  return fd >= 0;
}

bool sanitized() {
#if defined(__SANITIZE_ADDRESS__)
  return true;
#elif defined(__has_feature)
  return __has_feature(address_sanitizer);
#else
  return false;
#endif
}

}  // namespace

TEST_CASE("T28 no core is dumped, and nobody of the same user may trace") {
  CHECK(in_child([] {
          hide_memory();
          rlimit core{};
          ::getrlimit(RLIMIT_CORE, &core);
          const bool dumpable = ::prctl(PR_GET_DUMPABLE) != 0;
          return core.rlim_max == 0 && dumpable == sanitized() ? 0 : 1;
        }) == 0);
}

TEST_CASE("T28 memory stays out of a dump that somebody has switched on") {
  const temporary_directory place;
  CHECK(in_child([&] {
          confine({});
          if (::prctl(PR_GET_DUMPABLE) != 0 && !sanitized()) return 2;
          std::ifstream in("/proc/self/coredump_filter");
          std::string filter;
          in >> filter;
          return filter == "00000000" ? 0 : 1;
        }) == 0);
}

TEST_CASE("T28 a confined process gets no privileges, and none of an intruder's system calls") {
  if (sanitized()) return;
  CHECK(in_child([] {
          const auto reached = confine({});
          if (reached.at("seccomp") != "on" || reached.at("no_new_privileges") != "on") return 2;
          return ::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? 0 : 3;
        }) == 0);
  CHECK(in_child([] {
          confine({});
          return refused_with(EPERM, ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr));
        }) == 0);
  CHECK(in_child([] {
          confine({});
          return refused_with(EPERM, ::chroot("/"));
        }) == 0);
}

TEST_CASE("T28 where no program has to be run none can be, and nothing is written but where regpass does") {
  const temporary_directory place;
  const auto inside = place / "state";
  confinement how{.writable = {inside}, .runs_programs = false};
  if (in_child([&] { return confine(how).at("landlock") == "on" ? 0 : 1; }) != 0) return;  // this kernel has none
  CHECK(in_child([&] {
          confine(how);
          return can_write(inside / "file") && !can_write(place / "file") ? 0 : 1;
        }) == 0);
  CHECK(in_child([&] {
          confine(how);
          return refused_with(EACCES, ::execl("/bin/true", "true", nullptr));
        }) == 0);
  CHECK(in_child([&] {
          confine(how);
          const bool reads = ::access("/etc/passwd", R_OK) == 0 && ::open("/etc/passwd", O_RDONLY) >= 0;
          return reads && ::socket(AF_INET, SOCK_STREAM, 0) >= 0 && can_write("/dev/null") ? 0 : 1;
        }) == 0);
}

TEST_CASE("What clients shall read is theirs to read, however strict the umask") {
  const temporary_directory place;
  const auto published = place / "trust";
  const confinement how{.writable = {published}, .runs_programs = false, .published = published};
  CHECK(in_child([&] {
          ::umask(0077);
          confine(how);
          struct stat info{};
          return ::stat(published.c_str(), &info) == 0 && (info.st_mode & 0777U) == 0755U ? 0 : 1;
        }) == 0);
}

TEST_CASE("T28 programs that give credentials may write and run what they need") {
  const temporary_directory place;
  CHECK(in_child([&] {
          confine({.writable = {place / "state"}, .runs_programs = true});
          return can_write(place / "file") ? 0 : 1;
        }) == 0);
  CHECK(in_child([&] {
          confine({.writable = {}, .runs_programs = true});
          ::execl("/bin/true", "true", nullptr);
          return 1;
        }) == 0);
}

TEST_CASE("T28 what may be written follows from the configuration") {
  config::settings settings;
  settings.state_dir = "/s";
  settings.tls.ca_dir = "/c";
  settings.tls.publish_dir = "/p";
  settings.log.file = "/l/log";
  settings.client_auth = {.secret_file = "/a/secret", .create = true};
  settings.listen.admin = "unix:/d/admin.sock";
  CHECK(confinement_for(settings).runs_programs);
  settings.credentials.helpers = false;
  settings.tls.key_log_file = "/k/keys.log";
  const auto made = confinement_for(settings);
  CHECK_FALSE(made.runs_programs);
  CHECK(made.writable == std::vector<std::filesystem::path>{"/s", "/c", "/p", "/l", "/a", "/k", "/d"});
  settings.credentials.kubelet_providers.emplace_back();
  CHECK(confinement_for(settings).runs_programs);
}
