// The codec's events, each handed to the flow it is for.
#include "transport/h2_core.hpp"

#include <string>
#include <utility>

namespace regpass::transport {

namespace {

using http::h2_code;

error closed_by(h2_code code, bool by_us, party peer) {
  const bool refused = code == h2_code::refused_stream || code == h2_code::http_1_1_required;
  if (refused) return error(errc::closed, peer, phase::head, "the stream was refused", 0, false);
  if (code == h2_code::protocol_error) {
    return error(errc::bad_message, peer, phase::body, "the stream broke HTTP/2's rules", 0, false);
  }
  if (by_us && code == h2_code::enhance_your_calm) {
    return error(errc::too_large, peer, phase::head,
                 "the head is longer than limits.head_bytes, or has more fields than limits.head_fields", 0, false);
  }
  const auto number = std::to_string(static_cast<std::uint32_t>(code));
  return error(errc::reset, peer, phase::body, "the stream was reset with code " + number, 0, false);
}

}  // namespace

void h2_core::dispatch() {
  for (auto& event : codec_.take_events()) {
    if (over_) return;
    std::visit([this](auto& one) { handle(one); }, event);
  }
}

void h2_core::handle(http::h2_request& event) {
  if (on_request) on_request(std::move(event));
}

void h2_core::handle(http::h2_response& event) {
  auto* flow = find(event.stream);
  if (!flow) return;
  flow->answered = true;
  flow->body = event.body;
  flow->heads.push_back(std::move(event.head));
  flow->came.notify();
}

void h2_core::handle(http::h2_data& event) {
  auto* flow = find(event.stream);
  if (!flow || flow->failed) {
    codec_.consumed(event.stream, event.data.size());
    return;
  }
  flow->received += event.data.size();
  flow->waiting += event.data;
  flow->came.notify();
}

void h2_core::handle(http::h2_end& event) {
  auto* flow = find(event.stream);
  if (!flow) return;
  flow->trailers = std::move(event.trailers);
  flow->ended = true;
  flow->came.notify();
}

void h2_core::handle(http::h2_taken& event) {
  auto* flow = find(event.stream);
  if (!flow) return;
  flow->taken = true;
  flow->went.notify();
}

void h2_core::handle(http::h2_finished& event) {
  auto* flow = find(event.stream);
  if (!flow) return;
  flow->finished = flow->taken = true;
  flow->went.notify();
  // The answer is complete, and the request's rest is of no use to anybody (RFC 9113 section 8.1).
  if (role_ == http::h2_role::server && !flow->ended) codec_.reset(event.stream, h2_code::no_error);
}

void h2_core::handle(http::h2_closed& event) {
  const auto found = flows_.find(event.stream);
  if (found == flows_.end()) return;
  const auto flow = std::move(found->second);
  flows_.erase(found);
  flow->unprocessed = event.code == h2_code::refused_stream || event.code == h2_code::http_1_1_required;
  if (event.code == h2_code::http_1_1_required && on_downgrade) on_downgrade();
  // What nobody reads any more must not keep the connection's window.
  if (flow->failed) codec_.consumed(event.stream, std::exchange(flow->waiting, {}).size());
  accept_whole_answer(*flow);
  if (!flow->ended || !flow->finished) fail(*flow, closed_by(event.code, event.by_us, peer_));
  watch_idleness();
  if (leaving_ && flows_.empty()) wake();
}

void h2_core::handle(http::h2_going_away&) {
  leaving_ = true;
  idle_.clear();
  wake();
}

}  // namespace regpass::transport
