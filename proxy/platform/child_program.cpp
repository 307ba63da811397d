#include "platform/child_program.hpp"

#include "platform/supervisor.hpp"
#include "regpass/async/deadline.hpp"
#include "regpass/async/task_group.hpp"
#include "regpass/base/descriptor.hpp"
#include "regpass/base/secret.hpp"
#include "regpass/base/time.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <memory>
#include <utility>

namespace regpass::platform {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t most_input = 4096;  // fits into an empty pipe, so that writing it never waits
constexpr std::size_t most_errors = 4096;
// A pidfd would tell, but not every sandbox lets one through.
constexpr auto look_every = std::chrono::milliseconds{5};

struct pipe_ends {
  descriptor read, write;
};

std::unexpected<error> os_failure(int code) {
  error made;
  made.code = code == ENOENT || code == ENOTDIR ? errc::not_found : code == EACCES ? errc::denied : errc::io;
  made.detail = std::string("cannot be started: ") + std::strerror(code);
  made.os = code;
  return std::unexpected(std::move(made));
}

result<pipe_ends> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return os_failure(errno);
  return pipe_ends{descriptor(ends[0]), descriptor(ends[1])};
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> made;
  made.reserve(texts.size() + 1);
  for (auto& text : texts) made.push_back(text.data());
  made.push_back(nullptr);
  return made;
}

struct started {
  pid_t child = 0;  // the supervisor of the program
  descriptor output, errors;
};

result<started> start(program_call& what) {
  if (what.input.size() > most_input) return fail(errc::too_large, "would be given too long an input");
  auto in = make_pipe();
  auto out = make_pipe();
  auto errors = make_pipe();
  if (!in || !out || !errors) return os_failure(EMFILE);
  const auto written = ::write(in->write.get(), what.input.data(), what.input.size());
  if (written != static_cast<ssize_t>(what.input.size())) return os_failure(EIO);
  auto command = pointers_to(what.command);
  auto environment = pointers_to(what.environment);
  const auto child = supervise({.in = in->read.get(),
                                .out = out->write.get(),
                                .errors = errors->write.get(),
                                .command = command.data(),
                                .environment = environment.data()});
  if (!child) return os_failure(child.error().os);
  return started{*child, std::move(out->read), std::move(errors->read)};
}

// A child under way. Shared with its readers and its deadline.
class running : public std::enable_shared_from_this<running> {
 public:
  running(const async::executor& on, started from, std::size_t most_output)
      : child_(from.child), output_(on, most_output), errors_(on, most_errors), look_(on) {
    output_.open(from.output.release());
    errors_.open(from.errors.release());
  }
  ~running() { reap(true); }
  running(const running&) = delete;
  running& operator=(const running&) = delete;

  void kill() noexcept {
    if (!reaped_) ::kill(child_, SIGTERM);
  }

  static async::task<void> read_output(std::shared_ptr<running> self) {
    co_await self->read(self->output_);
    if (self->output_.overflown) self->kill();
  }
  static async::task<void> read_errors(std::shared_ptr<running> self) { co_await self->read(self->errors_); }

  // Returns once the program and all that it started have ended, and all their output was read.
  async::task<void> end() {
    for (auto pause = std::chrono::milliseconds{1}; !has_ended(); pause = std::min(pause * 2, look_every)) {
      look_.expires_after(pause);
      co_await look_.async_wait(async::use_task);
    }
    reap(false);
    for (auto* one : {&output_, &errors_}) {
      one->drain();
      boost::system::error_code ignored;
      one->descriptor.close(ignored);
    }
  }

  bool overflown() const noexcept { return output_.overflown; }
  program_end outcome() {
    const int status = WIFSIGNALED(status_) ? 128 + WTERMSIG(status_) : WEXITSTATUS(status_);
    return {status, std::move(output_.text), std::move(errors_.text)};
  }
  void forget() noexcept { wipe(output_.text); }

 private:
  struct channel {
    channel(const async::executor& on, std::size_t cap) : descriptor(on), most(cap) {}

    void open(int fd) {
      boost::system::error_code ignored;
      descriptor.assign(fd, ignored);
      descriptor.non_blocking(true, ignored);
    }

    // What is there. False: no more will come.
    bool drain() {
      std::array<char, 4096> buffer;
      for (;;) {
        const auto got = ::read(descriptor.native_handle(), buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
        const auto fits = std::min(static_cast<std::size_t>(got), most - text.size());
        text.append(buffer.data(), fits);
        overflown = overflown || fits < static_cast<std::size_t>(got);
        ::explicit_bzero(buffer.data(), buffer.size());
      }
    }

    boost::asio::posix::stream_descriptor descriptor;
    std::size_t most;
    std::string text;
    bool overflown = false;
  };

  async::task<void> read(channel& from) {
    for (;;) {
      auto [failed] =
          co_await from.descriptor.async_wait(boost::asio::posix::stream_descriptor::wait_read, async::use_task);
      if (failed || !from.descriptor.is_open() || !from.drain()) co_return;
      if (&from == &output_ && from.overflown) co_return;
    }
  }

  bool has_ended() const noexcept {
    siginfo_t about{};
    const auto id = static_cast<id_t>(child_);
    return ::waitid(P_PID, id, &about, WEXITED | WNOHANG | WNOWAIT) != 0 || about.si_pid != 0;
  }

  void reap(bool by_force) noexcept {
    if (reaped_) return;
    if (by_force) ::kill(child_, SIGTERM);
    while (::waitpid(child_, &status_, 0) < 0 && errno == EINTR) {
    }
    reaped_ = true;
  }

  pid_t child_;
  channel output_;
  channel errors_;
  boost::asio::steady_timer look_;
  int status_ = 0;
  bool reaped_ = false;
};

}  // namespace

result<fs::path> find_program(const std::string& name, std::string_view search) {
  if (name.find('/') != std::string::npos) {
    if (name.starts_with('/')) return fs::path(name);
    return fail(errc::bad_input, "is neither an absolute path nor a name");
  }
  for (auto rest = search; !rest.empty();) {
    const auto colon = std::min(rest.find(':'), rest.size());
    const auto directory = rest.substr(0, colon);
    rest.remove_prefix(std::min(colon + 1, rest.size()));
    if (!directory.starts_with('/')) continue;  // the working directory is anybody's
    auto file = fs::path(directory) / name;
    std::error_code none;
    if (fs::is_regular_file(file, none) && ::access(file.c_str(), X_OK) == 0) return file;
  }
  return fail(errc::not_found, "is in no directory of PATH");
}

async::task<result<program_end>> run_program(program_call what) {
  const auto on = co_await boost::asio::this_coro::executor;
  auto begun = start(what);
  if (!begun) co_return std::unexpected(begun.error());
  const auto child = std::make_shared<running>(on, std::move(*begun), what.most_output);
  async::deadline timer(on, [child] { child->kill(); });
  timer.set(phase::start, what.within);
  async::task_group readers(on);
  readers.spawn(running::read_output(child), "reading a program's output");
  readers.spawn(running::read_errors(child), "reading a program's errors");
  co_await child->end();
  timer.clear();
  co_await readers.join();
  if (timer.expired()) {
    child->forget();
    co_return fail(errc::timed_out, "did not end within " + duration_text(what.within) + " and was killed");
  }
  if (child->overflown()) {
    child->forget();
    co_return fail(errc::too_large, "wrote more than " + std::to_string(what.most_output) + " bytes and was killed");
  }
  co_return child->outcome();
}

}  // namespace regpass::platform
