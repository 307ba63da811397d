#include "transport/connection.hpp"

#include <utility>

namespace regpass::transport {

connection::connection(std::unique_ptr<net::stream> wire, const limits& bounds, party peer)
    : wire_(std::move(wire)), open_(upstream_connections().open) {
  timer_.emplace(wire_->get_executor(), [this] { wire_->close(); });
  h1_ = std::make_unique<h1_client>(*wire_, peer, bounds, *timer_);
}

connection::connection(h2_client& shared) : h2_(shared.open()) {}

transport::upstream& connection::http() noexcept {
  if (h2_) return *h2_;
  return *h1_;
}

bool connection::reusable() const noexcept {
  return h2_ ? h2_->complete() : h1_->reusable();
}

void connection::park() noexcept {
  h1_->release_buffer();
  idle_ = count_guard(upstream_connections().idle);
}

void connection::close() noexcept {
  if (h2_) {
    h2_->abort();
  } else {
    wire_->close();
  }
}

error connection::blame(error problem) const {
  return timer_ ? timer_->blame(std::move(problem)) : problem;
}

bool connection::unprocessed(const error& problem) const noexcept {
  if (h2_) return h2_->unprocessed();
  const bool dropped = problem.code == errc::closed || problem.code == errc::reset || problem.code == errc::truncated;
  return dropped && reused && !problem.answer_started;
}

}  // namespace regpass::transport
