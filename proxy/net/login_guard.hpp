// Keeps regpass from repeating a login that the upstream proxy has refused: that could lock the account.
#pragma once

#include "regpass/base/error.hpp"
#include "regpass/base/time.hpp"

#include <chrono>
#include <cstdint>
#include <mutex>

namespace regpass::net {

// Thread-safe. Until the proxy has accepted the login, only one request at a time may try it. After a refusal there is
// no attempt for 10 s; each further refusal doubles the pause, up to 60 s.
class login_guard {
 public:
  enum class decision : std::uint8_t { proceed, wait, give_up };

  // `give_up`: `refusal` says why. `proceed`: the caller must report the outcome by one of the three calls below.
  decision enter(steady_time at, error& refusal);
  void accepted();
  void refused(error refusal, steady_time at);
  void unknown();  // there was no answer

 private:
  std::mutex lock_;
  bool accepted_ = false;
  bool attempt_running_ = false;
  int refusals_ = 0;  // in a row
  steady_time paused_until_{};
  error refusal_;
};

}  // namespace regpass::net
