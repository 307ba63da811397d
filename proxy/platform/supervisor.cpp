#include "platform/supervisor.hpp"

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

// Between fork and exec only async-signal-safe functions may be called: other threads may have held any lock.
namespace regpass::platform {
namespace {

constexpr int report_end = 3;  // the descriptor on which a failed start is reported
constexpr int most_rounds = 2'000;
constexpr timespec between_rounds{.tv_sec = 0, .tv_nsec = 1'000'000};

[[noreturn]] void give_up(int code) {
  [[maybe_unused]] const auto written = ::write(report_end, &code, sizeof code);
  ::_exit(127);
}

// Leaves open nothing but the standard descriptors 0 to 2 and the report at 3.
bool arrange_descriptors(const supervised_program& program, int report) {
  constexpr int out_of_the_way = 10;
  std::array<int, 4> ends{program.in, program.out, program.errors, report};
  for (auto& end : ends) end = ::fcntl(end, F_DUPFD, out_of_the_way);
  for (std::size_t i = 0; i < ends.size(); ++i) {
    if (ends[i] < 0 || ::dup2(ends[i], static_cast<int>(i)) < 0) return false;
  }
  ::closefrom(report_end + 1);
  return ::fcntl(report_end, F_SETFD, FD_CLOEXEC) == 0;
}

// A program expects default actions and no blocked signals.
void reset_signals() {
  struct sigaction by_default{};
  by_default.sa_handler = SIG_DFL;
  for (int number = 1; number < NSIG; ++number) ::sigaction(number, &by_default, nullptr);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

[[noreturn]] void exec_program(const supervised_program& program) {
  ::setpgid(0, 0);
  reset_signals();
  if (::chdir("/") == 0) ::execve(program.command[0], program.command, program.environment);
  give_up(errno);
}

std::string_view read_into(const char* path, std::array<char, 4096>& buffer) {
  const int file = ::open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return {};
  const auto got = ::read(file, buffer.data(), buffer.size());
  ::close(file);
  return {buffer.data(), got > 0 ? static_cast<std::size_t>(got) : 0};
}

pid_t parse_pid(std::string_view text) {
  pid_t pid = 0;
  std::from_chars(text.data(), text.data() + text.size(), pid);
  return pid;
}

// In /proc/PID/stat the parent follows the name in parentheses and the state (proc(5)).
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
  return name_end == std::string_view::npos ? 0 : parse_pid(stat.substr(std::min(name_end + 4, stat.size())));
}

// For kernels without CONFIG_PROC_CHILDREN. Reads the directory by system call because readdir(3) allocates.
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
      const auto* record = buffer.data() + at;
      std::uint16_t length = 0;
      std::memcpy(&length, record + offsetof(entry, length), sizeof length);
      const std::string_view name(record + offsetof(entry, name));
      const bool process = name.front() >= '1' && name.front() <= '9';
      if (process && parent_of(name) == own) ::kill(parse_pid(name), SIGKILL);
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
    if (end == std::string_view::npos) break;  // a truncated number: the next round reads it
    if (const auto child = parse_pid(rest.substr(0, end)); child > 0) ::kill(child, SIGKILL);
    rest.remove_prefix(end + 1);
  }
}

// Children of a killed process become ours, so this goes on until there are none left.
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

// Returns false if SIGTERM came first. The program is not reaped here, so that its process group ID cannot be reused.
bool wait_for_end(pid_t program, const sigset_t& awaited) {
  for (;;) {
    siginfo_t about{};
    if (::waitid(P_PID, static_cast<id_t>(program), &about, WEXITED | WNOHANG | WNOWAIT) != 0) return true;
    if (about.si_pid != 0) return true;
    if (::sigwaitinfo(&awaited, nullptr) == SIGTERM) return false;
  }
}

[[noreturn]] void run_supervisor(const supervised_program& program, int report, pid_t parent) {
  sigset_t awaited;
  ::sigemptyset(&awaited);
  ::sigaddset(&awaited, SIGCHLD);
  ::sigaddset(&awaited, SIGTERM);
  struct sigaction by_default{};
  by_default.sa_handler = SIG_DFL;
  ::sigaction(SIGCHLD, &by_default, nullptr);  // if it were ignored, the kernel would reap the children
  ::sigaction(SIGTERM, &by_default, nullptr);
  if (!arrange_descriptors(program, report)) ::_exit(127);
  ::prctl(PR_SET_NAME, "regpass-helper");
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent || ::prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) give_up(EAGAIN);
  const auto child = ::fork();
  if (child < 0) give_up(errno);
  if (child == 0) exec_program(program);
  for (int number = 0; number <= report_end; ++number) ::close(number);
  int status = SIGKILL;
  const bool by_itself = wait_for_end(child, awaited);
  ::kill(-child, SIGKILL);
  if (by_itself) ::waitpid(child, &status, 0);
  kill_all();
  ::_exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
}

std::unexpected<error> failed_with(int code) {
  error problem;
  problem.os = code;
  return std::unexpected(std::move(problem));
}

}  // namespace

result<pid_t> supervise(const supervised_program& program) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return failed_with(errno);
  const descriptor reading(ends[0]);
  sigset_t all, before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);  // none of regpass's signal handlers may run in the child
  const auto parent = ::getpid();
  const auto supervisor = ::fork();
  if (supervisor == 0) run_supervisor(program, ends[1], parent);
  const int code = errno;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  ::close(ends[1]);
  if (supervisor < 0) return failed_with(code);
  int problem = 0;
  ssize_t got = 0;
  do {
    got = ::read(reading.get(), &problem, sizeof problem);
  } while (got < 0 && errno == EINTR);
  if (got == 0) return supervisor;  // the program runs: exec has closed the other end
  while (::waitpid(supervisor, nullptr, 0) < 0 && errno == EINTR) {
  }
  return failed_with(got == sizeof problem ? problem : EIO);
}

}  // namespace regpass::platform
