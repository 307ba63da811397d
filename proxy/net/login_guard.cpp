#include "net/login_guard.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace regpass::net {
namespace {

using std::chrono::seconds;

constexpr seconds first_pause{10};
constexpr seconds longest_pause{60};

}  // namespace

login_guard::decision login_guard::enter(steady_time at, error& refusal) {
  const std::lock_guard held(lock_);
  if (accepted_) return decision::proceed;
  if (at < paused_until_) {
    const auto left = std::chrono::ceil<seconds>(paused_until_ - at);
    refusal = refusal_;
    refusal.detail += "; the login is not tried again for " + std::to_string(left.count()) + " s";
    return decision::give_up;
  }
  if (attempt_running_) return decision::wait;
  attempt_running_ = true;
  return decision::proceed;
}

void login_guard::accepted() {
  const std::lock_guard held(lock_);
  accepted_ = true;
  attempt_running_ = false;
  refusals_ = 0;
}

void login_guard::refused(error refusal, steady_time at) {
  const std::lock_guard held(lock_);
  attempt_running_ = false;
  accepted_ = false;
  refusal_ = std::move(refusal);
  if (at < paused_until_) return;  // an attempt that began before the pause
  const auto pause = std::min(first_pause * (1 << std::min(refusals_, 3)), longest_pause);
  ++refusals_;
  paused_until_ = at + pause;
}

void login_guard::unknown() {
  const std::lock_guard held(lock_);
  attempt_running_ = false;
}

}  // namespace regpass::net
