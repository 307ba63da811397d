#include "base/fd_sink.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <exception>
#include <thread>

namespace regpass::log {
namespace {

// A pipe that polls writable takes this much without blocking (pipe(7)); stdout cannot be made non-blocking, since that
// would affect every other holder of the same open file.
constexpr std::size_t piece = PIPE_BUF;
// Under load the next line follows very soon: one sleep for all lines that arrive meanwhile saves a wake-up and a write
// per line. The queue holds a thousand lines.
constexpr auto longest_wait = std::chrono::milliseconds(10);
constexpr std::size_t longest_batch = 64 * 1024;
constexpr auto tell_every = std::chrono::seconds(10);
constexpr int poll_ms = 50;  // how soon a blocked writer notices that it shall give up

}  // namespace

fd_sink::~fd_sink() {
  if (owned_) ::close(fd_);
}

void fd_sink::sink_it_(const spdlog::details::log_msg& message) {
  if (batch_.empty()) begun_ = std::chrono::steady_clock::now();
  batch_.append(message.payload.data(), message.payload.size());
  batch_ += '\n';
  if (!goes_on()) write_batch();
}

bool fd_sink::goes_on() const {
  if (batch_.size() >= longest_batch) return false;
  if (from_.more()) return true;
  const auto waited = std::chrono::steady_clock::now() - begun_;
  if (waited >= longest_wait) return false;
  std::this_thread::sleep_for(longest_wait - waited);
  return from_.more();
}

void fd_sink::write_batch() noexcept {
  if (batch_.empty()) return;
  const bool ended = !in_line_ || write_all("\n").empty();
  const auto left = ended ? write_all(batch_) : std::string_view(batch_);
  lost_ += static_cast<std::uint64_t>(std::ranges::count(left, '\n'));
  batch_.clear();
  if (left.empty()) report_losses();
}

// Writes one line for each period of losses: when the reader has caught up, or else every few seconds.
void fd_sink::report_losses() noexcept {
  const auto sum = lost_.load() + from_.overrun();
  const auto now = std::chrono::system_clock::now();
  if (sum == reported_) {
    whole_until_ = now;
    return;
  }
  const auto at = std::chrono::steady_clock::now();
  if (from_.more() && at - reported_at_ < tell_every) return;
  try {
    const auto line = from_.notice(sum - reported_, whole_until_) + '\n';
    if (!write_all(line).empty()) return;
  } catch (const std::exception&) {
    return;  // no memory; the next time
  }
  reported_ = sum;
  reported_at_ = at;
  whole_until_ = now;
}

bool fd_sink::wait_writable() const noexcept {
  while (std::chrono::steady_clock::now() < give_up_at_.load()) {
    pollfd entry{fd_, POLLOUT, 0};
    const int ready = ::poll(&entry, 1, poll_ms);
    if (ready > 0 || (ready < 0 && errno != EINTR)) return true;  // an error shows in write
  }
  return false;
}

std::string_view fd_sink::write_all(std::string_view bytes) noexcept {
  while (!bytes.empty()) {
    if (!wait_writable()) break;
    const auto written = ::write(fd_, bytes.data(), std::min(bytes.size(), piece));
    if (written < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (written < 0) break;
    if (written > 0) in_line_ = bytes[static_cast<std::size_t>(written) - 1] != '\n';
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return bytes;
}

}  // namespace regpass::log
