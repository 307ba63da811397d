#include "regpass/net/login_guard.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace regpass::net {
namespace {

using std::chrono::seconds;

constexpr seconds first_span{10};
constexpr seconds longest_span{60};

}  // namespace

login_guard::may login_guard::enter(steady_time at, error& refusal) {
  const std::lock_guard held(lock_);
  if (good_) return may::go;
  if (at < until_) {
    const auto left = std::chrono::ceil<seconds>(until_ - at);
    refusal = refusal_;
    refusal.detail += "; the login is not tried again for " + std::to_string(left.count()) + " s";
    return may::give_up;
  }
  if (asking_) return may::wait;
  asking_ = true;
  return may::go;
}

void login_guard::accepted() {
  const std::lock_guard held(lock_);
  good_ = true;
  asking_ = false;
  refusals_ = 0;
}

void login_guard::refused(error refusal, steady_time at) {
  const std::lock_guard held(lock_);
  asking_ = false;
  good_ = false;
  refusal_ = std::move(refusal);
  if (at < until_) return;  // of those that were on their way together
  const auto span = std::min(first_span * (1 << std::min(refusals_, 3)), longest_span);
  ++refusals_;
  until_ = at + span;
}

void login_guard::unknown() {
  const std::lock_guard held(lock_);
  asking_ = false;
}

}  // namespace regpass::net
