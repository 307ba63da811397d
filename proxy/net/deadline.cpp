#include "regpass/net/deadline.hpp"

#include <boost/asio/steady_timer.hpp>

namespace regpass::net {

namespace {

using clock = std::chrono::steady_clock;

}  // namespace

// Shared with the timer's pending handler, which may still come after the deadline itself is gone.
struct deadline::state : std::enable_shared_from_this<state> {
  state(const executor& on, std::function<void()> what) : timer(on), expire(std::move(what)) {}

  void arm() {
    armed_for = at;
    timer.expires_at(at);
    timer.async_wait([self = shared_from_this()](const boost::system::error_code& ec) { self->woken(ec); });
  }

  // The deadline may have moved later, or away, since the timer was armed.
  void woken(const boost::system::error_code& ec) {
    if (ec || !alive) return;  // superseded by an earlier one, or destroyed
    armed_for = clock::time_point::max();
    if (!active) return;
    if (clock::now() < at) return arm();
    active = false;
    ran_out = when;
    expire();
  }

  boost::asio::steady_timer timer;
  std::function<void()> expire;
  clock::time_point at = clock::time_point::max();
  clock::time_point armed_for = clock::time_point::max();
  phase when = phase::start;
  bool active = false;
  bool alive = true;
  std::optional<phase> ran_out;
};

deadline::deadline(const executor& on, std::function<void()> expire)
    : state_(std::make_shared<state>(on, std::move(expire))) {}

deadline::~deadline() {
  state_->alive = false;
  state_->timer.cancel();
}

void deadline::set(phase when, std::chrono::milliseconds from_now) {
  state_->when = when;
  state_->active = true;
  state_->at = clock::now() + from_now;
  if (state_->at < state_->armed_for) state_->arm();
}

void deadline::clear() noexcept { state_->active = false; }

std::optional<phase> deadline::expired() const noexcept { return state_->ran_out; }

error deadline::blame(error problem) const {
  if (!state_->ran_out) return problem;
  problem.code = errc::timed_out;
  problem.when = *state_->ran_out;
  problem.detail = "nothing came in time";
  return problem;
}

}  // namespace regpass::net
