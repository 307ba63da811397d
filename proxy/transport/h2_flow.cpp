// Exchanges waiting on their stream.
#include "transport/h2_core.hpp"

#include <utility>

namespace regpass::transport {

async::task<result<std::string_view>> h2_core::read(flow_ptr flow) {
  // Only now is the piece before this one done with: its bytes are the sender's credit.
  codec_.consumed(flow->id, flow->reading.size());
  if (!flow->reading.empty()) wake();
  flow->reading.clear();
  while (flow->waiting.empty() && !flow->ended && !flow->failed) {
    set_limit(*flow, phase::body, bounds_.idle_for);
    co_await flow->came.wait();
    clear_limit(*flow);
  }
  if (flow->failed && !flow->ended) co_return std::unexpected(blame(*flow, *flow->failed, phase::body));
  std::swap(flow->reading, flow->waiting);
  co_return std::string_view(flow->reading);
}

async::task<result<void>> h2_core::write(flow_ptr flow, std::string_view piece) {
  if (flow->failed) co_return std::unexpected(blame(*flow, *flow->failed, phase::body));
  if (piece.empty()) co_return result<void>();
  lend(*flow, piece);
  wake();
  while (!flow->taken && !flow->failed) {
    set_limit(*flow, phase::body, bounds_.idle_for, async::direction::writing);
    co_await flow->went.wait();
    clear_limit(*flow, async::direction::writing);
  }
  if (!flow->taken) co_return std::unexpected(blame(*flow, *flow->failed, phase::body));
  co_return result<void>();
}

void h2_core::lend(h2_flow& flow, std::string_view piece) {
  if (flow.failed || piece.empty()) return;
  flow.taken = false;
  codec_.lend(flow.id, piece);
}

async::task<result<void>> h2_core::finish(flow_ptr flow, http::fields trailers) {
  codec_.finish(flow->id, trailers);
  wake();
  while (!flow->finished && !flow->failed) {
    set_limit(*flow, phase::body, bounds_.idle_for, async::direction::writing);
    co_await flow->went.wait();
    clear_limit(*flow, async::direction::writing);
  }
  if (!flow->finished) co_return std::unexpected(blame(*flow, *flow->failed, phase::body));
  co_return result<void>();
}

async::task<result<http::response_head>> h2_core::next_head(flow_ptr flow) {
  while (flow->heads.empty() && !flow->failed) {
    co_await flow->came.wait();
  }
  if (flow->heads.empty()) co_return std::unexpected(blame(*flow, *flow->failed, phase::head));
  clear_limit(*flow);
  auto head = std::move(flow->heads.front());
  flow->heads.erase(flow->heads.begin());
  co_return head;
}

void h2_core::set_limit(h2_flow& flow, phase when, std::chrono::milliseconds from_now, async::direction which) {
  const auto at = std::chrono::steady_clock::now() + from_now;
  flow.limits[static_cast<std::size_t>(which)] = {at, when};
  if (at < armed_for_) arm(at);
}

void h2_core::clear_limit(h2_flow& flow, async::direction which) noexcept {
  flow.limits[static_cast<std::size_t>(which)] = {};
}

// Limits move later, or away, without touching the clock: it looks at them when it goes off.
void h2_core::arm(steady_time at) {
  armed_for_ = at;
  clock_.expires_at(at);
  clock_.async_wait([core = weak_from_this()](const boost::system::error_code& ec) {
    const auto self = ec ? nullptr : core.lock();
    if (self) self->look_at_clock();
  });
}

void h2_core::look_at_clock() {
  const auto at = std::chrono::steady_clock::now();
  auto next = steady_time::max();
  for (const auto& [id, flow] : flows_) {
    if (flow->ran_out) continue;
    if (flow->due() <= at) {
      expire(*flow);
    } else {
      next = std::min(next, flow->due());
    }
  }
  armed_for_ = steady_time::max();
  if (next != steady_time::max()) arm(next);
}

void h2_core::expire(h2_flow& flow) {
  const auto& [reading, writing] = flow.limits;
  flow.ran_out = reading.at <= writing.at ? reading.when : writing.when;
  reset(flow, http::h2_code::cancel, error(errc::cancelled, party::us, phase::body, "", 0, false));
  // A line on which nothing at all comes any more would keep the next request waiting, too.
  if (role_ == http::h2_role::client && now().steady - heard_at_ >= bounds_.idle_for) leave();
}

error h2_core::blame(const h2_flow& flow, error problem, phase when) const {
  problem.who = peer_;
  problem.when = when;
  problem.answer_started = flow.answered;
  if (!flow.ran_out) return problem;
  problem.code = errc::timed_out;
  problem.when = *flow.ran_out;
  problem.detail = "nothing came in time";
  return problem;
}

}  // namespace regpass::transport
