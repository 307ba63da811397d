#include "base/fd_sink.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <string>

namespace regpass::log {
namespace {

// A pipe that polls writable takes this much without blocking (pipe(7)); stdout cannot be made non-blocking, since that
// would change it for whoever else holds the same open file.
constexpr std::size_t piece = PIPE_BUF;
constexpr int poll_ms = 50;  // how soon a blocked writer notices that it shall give up

}  // namespace

fd_sink::~fd_sink() {
  if (owned_) ::close(fd_);
}

void fd_sink::sink_it_(const spdlog::details::log_msg& message) {
  std::string line;
  line.reserve(message.payload.size() + 2);
  if (in_line_) line += '\n';
  line.append(message.payload.data(), message.payload.size());
  line += '\n';
  if (!write_all(line)) ++lost_;
}

bool fd_sink::wait_writable() const noexcept {
  while (std::chrono::steady_clock::now() < give_up_at_.load()) {
    pollfd one{fd_, POLLOUT, 0};
    const int ready = ::poll(&one, 1, poll_ms);
    if (ready > 0 || (ready < 0 && errno != EINTR)) return true;  // an error shows in write
  }
  return false;
}

bool fd_sink::write_all(std::string_view bytes) noexcept {
  while (!bytes.empty()) {
    if (!wait_writable()) return false;
    const auto written = ::write(fd_, bytes.data(), std::min(bytes.size(), piece));
    if (written < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (written < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
    in_line_ = !bytes.empty();
  }
  return true;
}

}  // namespace regpass::log
