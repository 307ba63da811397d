// Exchanges waiting on their stream.
#include "h2_core.hpp"

#include <utility>

namespace regpass::exchange {

net::task<result<std::string_view>> h2_core::read(flow_ptr flow) {
  // Only now is the piece before this one done with: its bytes are the sender's credit.
  codec_.consumed(flow->id, flow->reading.size());
  if (!flow->reading.empty()) wake();
  flow->reading.clear();
  while (flow->waiting.empty() && !flow->ended && !flow->failed) {
    flow->timer.set(phase::body, bounds_.idle_for);
    co_await flow->came.async_wait(net::use_task);
    flow->timer.clear();
  }
  if (flow->failed && !flow->ended) co_return std::unexpected(blame(*flow, *flow->failed, phase::body));
  std::swap(flow->reading, flow->waiting);
  co_return std::string_view(flow->reading);
}

net::task<result<void>> h2_core::write(flow_ptr flow, std::string_view piece) {
  if (flow->failed) co_return std::unexpected(blame(*flow, *flow->failed, phase::body));
  if (piece.empty()) co_return result<void>();
  flow->taken = false;
  codec_.lend(flow->id, piece);
  wake();
  while (!flow->taken && !flow->failed) {
    flow->timer.set(phase::body, bounds_.idle_for, net::hand::writing);
    co_await flow->went.async_wait(net::use_task);
    flow->timer.clear(net::hand::writing);
  }
  if (!flow->taken) co_return std::unexpected(blame(*flow, *flow->failed, phase::body));
  co_return result<void>();
}

net::task<result<void>> h2_core::finish(flow_ptr flow, http::fields trailers) {
  codec_.finish(flow->id, trailers);
  wake();
  while (!flow->finished && !flow->failed) {
    flow->timer.set(phase::body, bounds_.idle_for, net::hand::writing);
    co_await flow->went.async_wait(net::use_task);
    flow->timer.clear(net::hand::writing);
  }
  if (!flow->finished) co_return std::unexpected(blame(*flow, *flow->failed, phase::body));
  co_return result<void>();
}

net::task<result<http::response_head>> h2_core::next_head(flow_ptr flow) {
  while (flow->heads.empty() && !flow->failed) {
    co_await flow->came.async_wait(net::use_task);
  }
  if (flow->heads.empty()) co_return std::unexpected(blame(*flow, *flow->failed, phase::head));
  flow->timer.clear();
  auto head = std::move(flow->heads.front());
  flow->heads.pop_front();
  co_return head;
}

}  // namespace regpass::exchange
