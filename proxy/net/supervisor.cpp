#include "supervisor.hpp"

#include "regpass/base/descriptor.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <string_view>

// Between fork and exec only what is safe in a signal handler may be called: other threads of ours may hold any lock.
namespace regpass::net {
namespace {

constexpr int report_end = 3;  // behind the standard descriptors
constexpr int most_rounds = 2'000;
constexpr timespec between_rounds{.tv_sec = 0, .tv_nsec = 1'000'000};

[[noreturn]] void give_up(int code) {
  [[maybe_unused]] const auto told = ::write(report_end, &code, sizeof code);
  ::_exit(127);
}

// Standard descriptors and the report at 0 to 3, and nothing else.
bool arrange(const supervised_program& what, int report) {
  constexpr int out_of_the_way = 10;
  std::array<int, 4> ends{what.in, what.out, what.errors, report};
  for (auto& one : ends) one = ::fcntl(one, F_DUPFD, out_of_the_way);
  for (std::size_t i = 0; i < ends.size(); ++i) {
    if (ends[i] < 0 || ::dup2(ends[i], static_cast<int>(i)) < 0) return false;
  }
  ::closefrom(report_end + 1);
  return ::fcntl(report_end, F_SETFD, FD_CLOEXEC) == 0;
}

// Signals as a shell would give them.
void reset_signals() {
  struct sigaction usual{};
  usual.sa_handler = SIG_DFL;
  for (int one = 1; one < NSIG; ++one) ::sigaction(one, &usual, nullptr);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

[[noreturn]] void become(const supervised_program& what) {
  ::setpgid(0, 0);
  reset_signals();
  if (::chdir("/") == 0) ::execve(what.command[0], what.command, what.environment);
  give_up(errno);
}

std::string_view read_into(const char* path, std::array<char, 4096>& buffer) {
  const int file = ::open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return {};
  const auto got = ::read(file, buffer.data(), buffer.size());
  ::close(file);
  return {buffer.data(), got > 0 ? static_cast<std::size_t>(got) : 0};
}

pid_t number_at(std::string_view text) {
  pid_t made = 0;
  std::from_chars(text.data(), text.data() + text.size(), made);
  return made;
}

// The parent, in /proc/PID/stat behind the name in parentheses and the state (proc(5)).
pid_t parent_of(std::string_view process) {
  std::array<char, 32> path{};
  constexpr std::string_view before = "/proc/", behind = "/stat";
  if (before.size() + process.size() + behind.size() >= path.size()) return 0;
  auto* at = std::copy(before.begin(), before.end(), path.data());
  at = std::copy(process.begin(), process.end(), at);
  std::copy(behind.begin(), behind.end(), at);
  std::array<char, 4096> buffer;
  const auto stat = read_into(path.data(), buffer);
  const auto name_end = stat.rfind(')');
  return name_end == std::string_view::npos ? 0 : number_at(stat.substr(std::min(name_end + 4, stat.size())));
}

// For kernels without CONFIG_PROC_CHILDREN.
void kill_children_in_proc() {
  struct entry {
    std::uint64_t inode;
    std::int64_t next;
    std::uint16_t length;
    unsigned char type;
    char name[1];
  };
  const int proc = ::open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (proc < 0) return;
  alignas(entry) std::array<char, 4096> buffer;
  const auto own = ::getpid();
  for (;;) {
    const auto got = ::syscall(SYS_getdents64, proc, buffer.data(), buffer.size());
    if (got <= 0) break;
    for (std::size_t at = 0; at < static_cast<std::size_t>(got);) {
      const auto* one = buffer.data() + at;
      std::uint16_t length = 0;
      std::memcpy(&length, one + offsetof(entry, length), sizeof length);
      const std::string_view name(one + offsetof(entry, name));
      const bool process = name.front() >= '1' && name.front() <= '9';
      if (process && parent_of(name) == own) ::kill(number_at(name), SIGKILL);
      at += length;
    }
  }
  ::close(proc);
}

void kill_children() {
  std::array<char, 4096> buffer;
  constexpr auto list = "/proc/thread-self/children";
  auto rest = read_into(list, buffer);
  if (rest.empty() && ::access(list, F_OK) != 0) return kill_children_in_proc();
  while (!rest.empty()) {
    const auto end = rest.find(' ');
    if (end == std::string_view::npos) break;  // cut off: the next round has it
    if (const auto child = number_at(rest.substr(0, end)); child > 0) ::kill(child, SIGKILL);
    rest.remove_prefix(end + 1);
  }
}

// What a killed process leaves becomes our child, so rounds go on until there is none.
void kill_all() {
  for (int round = 0; round < most_rounds; ++round) {
    kill_children();
    pid_t gone = 0;
    do {
      gone = ::waitpid(-1, nullptr, WNOHANG);
    } while (gone > 0);
    if (gone < 0 && errno == ECHILD) return;
    ::nanosleep(&between_rounds, nullptr);
  }
}

// False: it was told to end first. The process is left to be reaped, so that its group's number stays its own.
bool has_ended(pid_t program, const sigset_t& awaited) {
  for (;;) {
    siginfo_t about{};
    if (::waitid(P_PID, static_cast<id_t>(program), &about, WEXITED | WNOHANG | WNOWAIT) != 0) return true;
    if (about.si_pid != 0) return true;
    if (::sigwaitinfo(&awaited, nullptr) == SIGTERM) return false;
  }
}

[[noreturn]] void stand_between(const supervised_program& what, int report, pid_t parent) {
  sigset_t awaited;
  ::sigemptyset(&awaited);
  ::sigaddset(&awaited, SIGCHLD);
  ::sigaddset(&awaited, SIGTERM);
  struct sigaction usual{};
  usual.sa_handler = SIG_DFL;
  ::sigaction(SIGCHLD, &usual, nullptr);  // an ignored one would reap by itself
  ::sigaction(SIGTERM, &usual, nullptr);
  if (!arrange(what, report)) ::_exit(127);
  ::prctl(PR_SET_NAME, "regpass-helper");
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent || ::prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) give_up(EAGAIN);
  const auto program = ::fork();
  if (program < 0) give_up(errno);
  if (program == 0) become(what);
  for (int one = 0; one <= report_end; ++one) ::close(one);
  int status = SIGKILL;
  const bool by_itself = has_ended(program, awaited);
  ::kill(-program, SIGKILL);
  if (by_itself) ::waitpid(program, &status, 0);
  kill_all();
  ::_exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
}

std::unexpected<error> failed_with(int code) {
  error made;
  made.os = code;
  return std::unexpected(std::move(made));
}

}  // namespace

result<pid_t> supervise(const supervised_program& what) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return failed_with(errno);
  const descriptor reading(ends[0]);
  sigset_t all, before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);  // no handler of ours runs in the other process
  const auto parent = ::getpid();
  const auto made = ::fork();
  if (made == 0) stand_between(what, ends[1], parent);
  const int code = errno;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  ::close(ends[1]);
  if (made < 0) return failed_with(code);
  int problem = 0;
  ssize_t got = 0;
  do {
    got = ::read(reading.get(), &problem, sizeof problem);
  } while (got < 0 && errno == EINTR);
  if (got == 0) return made;  // the program runs: exec has closed the other end
  while (::waitpid(made, nullptr, 0) < 0 && errno == EINTR) {
  }
  return failed_with(got == sizeof problem ? problem : EIO);
}

}  // namespace regpass::net
