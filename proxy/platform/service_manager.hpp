// What systemd, or another service manager, is told of us: sd_notify(3), one datagram for each change.
#pragma once

#include "regpass/async/task.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace regpass::platform {

class service_manager {
 public:
  // By NOTIFY_SOCKET ("@" begins a name in the abstract namespace), WATCHDOG_USEC and WATCHDOG_PID. Without the first,
  // nobody is told anything.
  explicit service_manager(const std::map<std::string, std::string>& environment);

  void ready(std::string_view status) const;
  void reloading() const;  // `ready` ends it
  // Stopping may take until `within` is over, whatever the unit says.
  void stopping(std::chrono::milliseconds within, std::string_view status) const;

  // Runs for good when a watchdog is wanted, else ends at once: told four times in each of its periods, as long as
  // `alive` says yes; a loop that was late once, on a busy machine, does not end the process.
  static async::task<void> feed_watchdog(service_manager to, std::function<async::task<bool>()> alive);

 private:
  void tell(const std::string& state) const;

  std::string socket_;
  std::chrono::microseconds watchdog_{0};
};

}  // namespace regpass::platform
