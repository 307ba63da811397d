// What the process gives up, tested in a child process (T28).
#include "regpass/platform/confinement.hpp"

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
using namespace regpass::platform;
using namespace regpass::testing;

namespace {

// Runs `work` in a child process. Returns its exit status, or minus the signal.
int in_child(const std::function<int()>& work) {
  const auto child = ::fork();
  if (child == 0) ::_exit(work());
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

TEST_CASE("T28 there are no core dumps, and processes of the same user may not trace regpass") {
  CHECK(in_child([] {
          hide_memory();
          rlimit core{};
          ::getrlimit(RLIMIT_CORE, &core);
          const bool dumpable = ::prctl(PR_GET_DUMPABLE) != 0;
          return core.rlim_max == 0 && dumpable == sanitized() ? 0 : 1;
        }) == 0);
}

TEST_CASE("T28 core dumps that were enabled from outside contain no memory") {
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

TEST_CASE("T28 a confined process gains no privileges, and system calls of intruders are refused") {
  if (sanitized()) return;
  CHECK(in_child([] {
          const auto outcomes = confine({});
          if (outcomes.at("seccomp") != "on" || outcomes.at("no_new_privileges") != "on") return 2;
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

TEST_CASE("T28 without credential programs nothing can be executed, and only regpass's own directories are writable") {
  const temporary_directory place;
  const auto inside = place / "state";
  confinement limits{.writable = {inside}, .runs_programs = false};
  if (in_child([&] { return confine(limits).at("landlock") == "on" ? 0 : 1; }) != 0)
    return;  // not supported by this kernel
  CHECK(in_child([&] {
          confine(limits);
          return can_write(inside / "file") && !can_write(place / "file") ? 0 : 1;
        }) == 0);
  CHECK(in_child([&] {
          confine(limits);
          return refused_with(EACCES, ::execl("/bin/true", "true", nullptr));
        }) == 0);
  CHECK(in_child([&] {
          confine(limits);
          const bool reads = ::access("/etc/passwd", R_OK) == 0 && ::open("/etc/passwd", O_RDONLY) >= 0;
          return reads && ::socket(AF_INET, SOCK_STREAM, 0) >= 0 && can_write("/dev/null") ? 0 : 1;
        }) == 0);
}

TEST_CASE("Clients can read the published directory whatever the umask is") {
  const temporary_directory place;
  const auto published = place / "trust";
  const confinement limits{.writable = {published}, .runs_programs = false, .published = published};
  CHECK(in_child([&] {
          ::umask(0077);
          confine(limits);
          struct stat info{};
          return ::stat(published.c_str(), &info) == 0 && (info.st_mode & 0777U) == 0755U ? 0 : 1;
        }) == 0);
}

TEST_CASE("T28 credential programs may write files and run programs") {
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
