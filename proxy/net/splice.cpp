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
constexpr std::size_t most_kept = 4;    // of each thread, empty
constexpr int most_pipes = 24;          // of all threads: connections of clients need descriptors, too

std::atomic<int> pipes_there{0};

class kernel_pipe {
 public:
  // An invalid one when there are too many, or no descriptors are left.
  static kernel_pipe make() {
    kernel_pipe made;
    std::array<int, 2> ends{};
    if (++pipes_there <= most_pipes && ::pipe2(ends.data(), O_NONBLOCK | O_CLOEXEC) == 0) {
      made.out_ = descriptor(ends[0]);
      made.in_ = descriptor(ends[1]);
      ::fcntl(ends[1], F_SETPIPE_SZ, pipe_bytes);  // else it stays what it is
    } else {
      --pipes_there;
    }
    return made;
  }
  kernel_pipe() = default;
  kernel_pipe(kernel_pipe&&) noexcept = default;
  kernel_pipe& operator=(kernel_pipe&&) noexcept = default;
  ~kernel_pipe() {
    if (valid()) --pipes_there;
  }

  bool valid() const noexcept { return in_.get() >= 0; }
  int in() const noexcept { return in_.get(); }
  int out() const noexcept { return out_.get(); }

 private:
  descriptor out_, in_;
};

// Empty ones, for whoever needs one next on this thread.
std::vector<kernel_pipe>& kept() {
  thread_local std::vector<kernel_pipe> all;
  return all;
}

class lent_pipe {
 public:
  lent_pipe() {
    auto& all = kept();
    if (all.empty()) {
      one_ = kernel_pipe::make();
    } else {
      one_ = std::move(all.back());
      all.pop_back();
    }
  }
  lent_pipe(const lent_pipe&) = delete;
  lent_pipe& operator=(const lent_pipe&) = delete;
  // With bytes in it, it is of no use to anybody else.
  ~lent_pipe() {
    if (one_.valid() && inside_ == 0 && kept().size() < most_kept) kept().push_back(std::move(one_));
  }

  bool valid() const noexcept { return one_.valid(); }
  std::size_t inside() const noexcept { return inside_; }
  // As splice(2).
  ssize_t take(int from) noexcept {
    const auto moved = ::splice(from, nullptr, one_.in(), nullptr, pipe_bytes, SPLICE_F_NONBLOCK);
    if (moved > 0) inside_ += static_cast<std::size_t>(moved);
    return moved;
  }
  ssize_t give(int to) noexcept {
    const auto moved = ::splice(one_.out(), nullptr, to, nullptr, inside_, SPLICE_F_NONBLOCK);
    if (moved > 0) inside_ -= static_cast<std::size_t>(moved);
    return moved;
  }

 private:
  kernel_pipe one_;
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
    // The event loop is asked each time: it lets the others have their turn, and mostly there is nothing yet.
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
