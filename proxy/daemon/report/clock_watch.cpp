#include "daemon/report/clock_watch.hpp"

#include "regpass/base/log.hpp"
#include "tls/time_range.hpp"

#include <boost/asio/steady_timer.hpp>

#include <string>

namespace regpass::daemon {

namespace {

using std::chrono::seconds;

constexpr auto check_interval = seconds{5};
constexpr auto least_jump = seconds{60};

void log_jump(seconds jump) {
  const std::string direction = jump > seconds{0} ? "forward" : "back";
  const auto size = duration_text(std::chrono::abs(jump));
  log::write(log::level::warn, "clock-jumped",
             "the clock was set " + direction + " by " + size +
                 ": tokens keep their ages, certificates are judged by it; if it is wrong, set the machine's clock",
             {{"by_s", jump.count()}});
}

}  // namespace

std::optional<seconds> clock_jump(const instant& before, const instant& after) {
  const auto wall = after.wall - before.wall;
  const auto jump = std::chrono::round<seconds>(wall - (after.steady - before.steady));
  return std::chrono::abs(jump) < least_jump ? std::nullopt : std::optional(jump);
}

async::task<void> watch_clock(async::executor on) {
  boost::asio::steady_timer timer(on);
  if (const auto at = now().wall; !tls::plausible(at)) {
    log::write(log::level::warn, "clock-implausible",
               "the clock shows " + rfc3339(at) +
                   ", which cannot be: certificates of registries will not be believed; set the machine's clock");
  }
  for (auto before = now();;) {
    timer.expires_after(check_interval);
    auto [ec] = co_await timer.async_wait(async::use_task);
    if (ec) co_return;
    const auto after = now();
    if (const auto jump = clock_jump(before, after)) log_jump(*jump);
    before = after;
  }
}

}  // namespace regpass::daemon
