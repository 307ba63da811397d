#include "regpass/async/deadline.hpp"

#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace regpass::async {

namespace {

using clock = std::chrono::steady_clock;

}  // namespace

// Shared with the timer's pending handler, which may still come after the deadline itself is gone.
struct deadline::state : std::enable_shared_from_this<state> {
  struct limit {
    clock::time_point at = clock::time_point::max();  // max: not set
    phase when = phase::start;
  };

  state(const executor& on, std::function<void()> on_expiry) : timer(on), expire(std::move(on_expiry)) {}

  const limit& nearest() const { return limits[0].at <= limits[1].at ? limits[0] : limits[1]; }
  clock::time_point due() const { return std::min(nearest().at, look_at); }

  void arm() {
    armed_for = due();
    timer.expires_at(armed_for);
    timer.async_wait([self = shared_from_this()](const boost::system::error_code& ec) { self->woken(ec); });
  }

  // The deadline may have moved later, or away, since the timer was armed.
  void woken(const boost::system::error_code& ec) {
    if (ec || !alive || ran_out) return;  // superseded by an earlier wait, destroyed, or expired
    armed_for = clock::time_point::max();
    const auto now = clock::now();
    const auto last = nearest();
    if (last.at <= now) {
      ran_out = last.when;
      expire();
      return;
    }
    if (look_at <= now) {
      look_at = now + look_every;
      const auto call = look;  // which may replace it
      call();
    }
    const bool more = alive && !ran_out && due() < armed_for;
    if (more) arm();
  }

  boost::asio::steady_timer timer;
  std::function<void()> expire;
  std::array<limit, 2> limits;                           // by direction
  clock::time_point look_at = clock::time_point::max();  // max: off
  std::chrono::milliseconds look_every{};
  std::function<void()> look;
  clock::time_point armed_for = clock::time_point::max();
  bool alive = true;
  std::optional<phase> ran_out;
};

deadline::deadline(const executor& on, std::function<void()> expire)
    : state_(std::make_shared<state>(on, std::move(expire))) {}

deadline::~deadline() {
  state_->alive = false;
  state_->timer.cancel();
}

void deadline::set(phase when, std::chrono::milliseconds from_now, direction which) {
  auto& limit = state_->limits[static_cast<std::size_t>(which)];
  limit = {clock::now() + from_now, when};
  if (limit.at < state_->armed_for) state_->arm();
}

void deadline::clear(direction which) noexcept {
  state_->limits[static_cast<std::size_t>(which)] = {};
}

void deadline::watch(std::chrono::milliseconds every, std::function<void()> look) {
  state_->look = std::move(look);
  state_->look_every = every;
  state_->look_at = clock::now() + every;
  if (state_->look_at < state_->armed_for) state_->arm();
}

void deadline::unwatch() noexcept {
  state_->look_at = clock::time_point::max();
  state_->look = nullptr;
}

std::optional<phase> deadline::expired() const noexcept {
  return state_->ran_out;
}

error deadline::blame(error problem) const {
  if (!state_->ran_out) return problem;
  problem.code = errc::timed_out;
  problem.when = *state_->ran_out;
  problem.detail = "nothing came in time";
  return problem;
}

}  // namespace regpass::async
