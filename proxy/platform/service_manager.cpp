#include "platform/service_manager.hpp"

#include "regpass/base/log.hpp"
#include "regpass/base/text.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <optional>

namespace regpass::platform {

namespace {

using environment_map = std::map<std::string, std::string>;

constexpr timeval longest_send{1, 0};
constexpr auto spare = std::chrono::seconds{10};  // for what comes after the drain

std::string variable(const environment_map& in, const std::string& name) {
  const auto found = in.find(name);
  return found == in.end() ? std::string() : found->second;
}

std::optional<std::int64_t> number(const std::string& text) {
  std::int64_t value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::int64_t monotonic_microseconds() {
  using std::chrono::microseconds;
  return std::chrono::duration_cast<microseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Zero, or what went wrong.
int send_datagram(const std::string& to, const std::string& text) {
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  if (to.size() >= sizeof at.sun_path) return ENAMETOOLONG;
  std::memcpy(at.sun_path, to.data(), to.size());
  if (to.front() == '@') at.sun_path[0] = '\0';
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return errno;
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &longest_send, sizeof longest_send);
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + to.size());
  const auto sent =
      ::sendto(fd, text.data(), text.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&at), length);
  const int problem = sent < 0 ? errno : 0;
  ::close(fd);
  return problem;
}

std::string status_line(std::string_view status) {
  return "STATUS=" + clean(status) + "\n";
}

}  // namespace

service_manager::service_manager(const environment_map& environment) : socket_(variable(environment, "NOTIFY_SOCKET")) {
  const auto whose = number(variable(environment, "WATCHDOG_PID"));
  if (socket_.empty() || (whose && *whose != ::getpid())) return;
  if (const auto period = number(variable(environment, "WATCHDOG_USEC")); period && *period > 0) {
    watchdog_ = std::chrono::microseconds(*period);
  }
}

void service_manager::ready(std::string_view status) const {
  tell("READY=1\n" + status_line(status));
}

void service_manager::reloading() const {
  tell("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(monotonic_microseconds()) + "\n");
}

void service_manager::stopping(std::chrono::milliseconds within, std::string_view status) const {
  const auto granted = std::chrono::microseconds(within + spare).count();
  tell("STOPPING=1\nEXTEND_TIMEOUT_USEC=" + std::to_string(granted) + "\n" + status_line(status));
}

async::task<void> service_manager::feed_watchdog(service_manager to, std::function<async::task<bool>()> alive) {
  if (to.watchdog_.count() == 0) co_return;
  const auto on = co_await boost::asio::this_coro::executor;
  boost::asio::steady_timer timer(on);
  for (;;) {
    const bool lives = co_await alive();
    if (lives) to.tell("WATCHDOG=1\n");
    timer.expires_after(to.watchdog_ / 4);
    const auto [ec] = co_await timer.async_wait(async::use_task);
    if (ec) co_return;
  }
}

void service_manager::tell(const std::string& state) const {
  if (socket_.empty()) return;
  if (const int problem = send_datagram(socket_, state); problem != 0) {
    log::write(log::level::warn, "service-manager",
               "the service manager cannot be told: " + socket_ + ": " + std::strerror(problem));
  }
}

}  // namespace regpass::platform
