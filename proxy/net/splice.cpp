#include "net/splice.hpp"

#include "net/errors.hpp"
#include "regpass/base/descriptor.hpp"

#include <fcntl.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <vector>

namespace regpass::net {

namespace {

constexpr int pipe_bytes = 256 * 1024;  // packets' pages are not full, and a pipe is full when it holds so many pages
constexpr std::size_t max_idle = 4;     // of each thread, empty
constexpr int max_pipes = 24;           // of all threads: connections of clients need descriptors, too

std::atomic<int> open_pipes{0};

class kernel_pipe {
 public:
  // Returns an invalid pipe if there are too many, or no descriptors are left.
  static kernel_pipe make() {
    kernel_pipe created;
    std::array<int, 2> ends{};
    if (++open_pipes <= max_pipes && ::pipe2(ends.data(), O_NONBLOCK | O_CLOEXEC) == 0) {
      created.out_ = descriptor(ends[0]);
      created.in_ = descriptor(ends[1]);
      ::fcntl(ends[1], F_SETPIPE_SZ, pipe_bytes);  // on failure it keeps its size
    } else {
      --open_pipes;
    }
    return created;
  }
  kernel_pipe() = default;
  kernel_pipe(kernel_pipe&&) noexcept = default;
  kernel_pipe& operator=(kernel_pipe&&) noexcept = default;
  ~kernel_pipe() {
    if (valid()) --open_pipes;
  }

  bool valid() const noexcept { return in_.get() >= 0; }
  int in() const noexcept { return in_.get(); }
  int out() const noexcept { return out_.get(); }

 private:
  descriptor out_, in_;
};

// Empty pipes of this thread, kept for the next use.
std::vector<kernel_pipe>& idle_pipes() {
  thread_local std::vector<kernel_pipe> all;
  return all;
}

class lent_pipe {
 public:
  lent_pipe() {
    auto& all = idle_pipes();
    if (all.empty()) {
      pipe_ = kernel_pipe::make();
    } else {
      pipe_ = std::move(all.back());
      all.pop_back();
    }
  }
  lent_pipe(const lent_pipe&) = delete;
  lent_pipe& operator=(const lent_pipe&) = delete;
  // A pipe that still holds bytes cannot be reused.
  ~lent_pipe() {
    if (pipe_.valid() && inside_ == 0 && idle_pipes().size() < max_idle) idle_pipes().push_back(std::move(pipe_));
  }

  bool valid() const noexcept { return pipe_.valid(); }
  std::size_t inside() const noexcept { return inside_; }
  // Returns what splice(2) returns.
  ssize_t take(int from) noexcept {
    const auto moved = ::splice(from, nullptr, pipe_.in(), nullptr, pipe_bytes, SPLICE_F_NONBLOCK);
    if (moved > 0) inside_ += static_cast<std::size_t>(moved);
    return moved;
  }
  ssize_t give(int to) noexcept {
    const auto moved = ::splice(pipe_.out(), nullptr, to, nullptr, inside_, SPLICE_F_NONBLOCK);
    if (moved > 0) inside_ -= static_cast<std::size_t>(moved);
    return moved;
  }

 private:
  kernel_pipe pipe_;
  std::size_t inside_ = 0;
};

bool would_wait() noexcept {
  return errno == EAGAIN || errno == EINTR;
}
bool refused() noexcept {
  return errno == EINVAL || errno == ENOSYS || errno == EPERM;
}
error failure(party who) {
  return to_error(boost::system::error_code(errno, boost::system::system_category()), phase::tunnel, who);
}

async::task<result<void>> empty(lent_pipe& through, stream& to) {
  while (through.inside() > 0) {
    if (through.give(to.plain_descriptor()) > 0) continue;
    if (!would_wait()) co_return std::unexpected(failure(party::intermediary));
    auto room = co_await to.wait_writable();
    if (!room) co_return room;
  }
  co_return result<void>();
}

}  // namespace

async::task<result<std::optional<std::size_t>>> splice_some(stream& from, stream& to) {
  using outcome = result<std::optional<std::size_t>>;
  for (;;) {
    if (from.plain_descriptor() < 0 || to.plain_descriptor() < 0) co_return outcome(std::nullopt);
    // Always waits through the event loop: other connections get their turn, and usually nothing has arrived yet.
    auto ready = co_await from.wait_readable();
    if (!ready) co_return std::unexpected(ready.error());
    lent_pipe through;
    if (!through.valid()) co_return outcome(std::nullopt);
    const auto moved = through.take(from.plain_descriptor());
    if (moved < 0 && refused()) co_return outcome(std::nullopt);
    if (moved < 0 && would_wait()) continue;
    if (moved < 0) co_return std::unexpected(failure(party::intermediary));
    auto emptied = co_await empty(through, to);
    if (!emptied) co_return std::unexpected(emptied.error());
    co_return outcome(static_cast<std::size_t>(moved));
  }
}

}  // namespace regpass::net
