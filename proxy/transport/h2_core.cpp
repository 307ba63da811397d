#include "transport/h2_core.hpp"

#include "regpass/base/time.hpp"

#include <string>
#include <utility>

namespace regpass::transport {

namespace {

using http::h2_code;

// The size of one write: what TLS encrypts at a time.
constexpr std::size_t turn_bytes = 64 * 1024;
// How long a peer that violated the protocol has to read our GOAWAY, and how much of its further input is read.
constexpr auto linger_within = std::chrono::seconds{2};
constexpr std::size_t linger_bytes = 256 * 1024;

http::h2_limits codec_limits(const limits& bounds, http::h2_role role) {
  auto result = bounds.h2;
  result.head = bounds.head;
  // Downloads of several clients share an upstream connection, and a stalled one must not stop the others. Therefore
  // only the streams' own windows bound what is buffered.
  if (role == http::h2_role::client) result.connection_window = result.streams * result.stream_window;
  return result;
}

error closed_by(h2_code code, bool by_us, party peer) {
  const bool refused = code == h2_code::refused_stream || code == h2_code::http_1_1_required;
  if (refused) return error(errc::closed, peer, phase::head, "the stream was refused", 0, false);
  if (code == h2_code::protocol_error) {
    return error(errc::bad_message, peer, phase::body, "the stream violated HTTP/2", 0, false);
  }
  if (by_us && code == h2_code::enhance_your_calm) {
    return error(errc::too_large, peer, phase::head,
                 "the head is longer than limits.head_bytes, or has more fields than limits.head_fields", 0, false);
  }
  const auto number = std::to_string(static_cast<std::uint32_t>(code));
  return error(errc::reset, peer, phase::body, "the stream was reset with code " + number, 0, false);
}

}  // namespace

h2_core::h2_core(net::stream& wire, http::h2_role role, party peer, const limits& bounds)
    : wire_(wire),
      role_(role),
      peer_(peer),
      bounds_(bounds),
      codec_(role, codec_limits(bounds, role)),
      work_(wire.get_executor()),
      clock_(wire.get_executor()),
      writing_(wire.get_executor(),
               [this] {
                 end(error(errc::timed_out, peer_, phase::body, "the peer did not accept our data in time", 0, false));
                 wire_.close();
               }),
      idle_(wire.get_executor(), [this] { leave(); }) {
  watch_idleness();
}

async::task<void> h2_core::pump_in() {
  std::vector<char> buffer;
  while (!over_ && !broken_) {
    auto got = co_await fill(buffer);
    if (over_) break;
    if (!got) {
      end(got.error());
      break;
    }
    heard_at_ = now().steady;
    auto fed = codec_.feed(*got, heard_at_);
    dispatch();
    if (!fed && !broken_) broken_ = fed.error();
    wake();
  }
  if (broken_) co_await linger();
  pump_ended();
}

// Closing at once, with input unread, would reset the connection and lose our GOAWAY.
async::task<void> h2_core::linger() {
  std::vector<char> sink(16 * 1024);
  for (std::size_t total = 0; total < linger_bytes;) {
    auto got = co_await wire_.read_some(sink);
    if (!got || *got == 0) break;
    total += *got;
  }
}

// An idle connection holds no buffer.
async::task<result<std::string_view>> h2_core::fill(std::vector<char>& buffer) {
  if (flows_.empty()) {
    buffer = std::vector<char>();
    auto ready = co_await wire_.wait_readable();
    if (!ready) co_return std::unexpected(ready.error());
  }
  if (buffer.empty()) buffer.resize(turn_bytes);
  auto got = co_await wire_.read_some(buffer);
  if (!got) co_return std::unexpected(got.error());
  if (*got == 0) {
    const auto code = flows_.empty() ? errc::closed : errc::truncated;
    co_return std::unexpected(error(code, peer_, phase::body, "the connection was closed", 0, false));
  }
  co_return std::string_view(buffer.data(), *got);
}

async::task<void> h2_core::pump_out() {
  std::string out;
  while (!over_) {
    out.clear();
    auto more = codec_.output(out, turn_bytes);
    dispatch();
    if (!more && !broken_) broken_ = more.error();
    if (out.empty()) {
      const auto why = reason_to_end();
      if (why) {
        end(*why);
        break;
      }
      if (flows_.empty()) out = std::string();
      co_await work_.wait();
      continue;
    }
    writing_.set(phase::body, bounds_.idle_for, async::direction::writing);
    auto written = co_await net::write_one(wire_, out);
    writing_.clear(async::direction::writing);
    if (!written) end(written.error());
  }
  if (broken_) co_await wire_.shut_write();
  pump_ended();
}

// From now on the wire may be destroyed while exchanges still hold the core: the core must not use it any more.
void h2_core::pump_ended() noexcept {
  if (--pumping_ == 0) writing_.clear(async::direction::writing);
}

// Asked when there is nothing left to send.
std::optional<error> h2_core::reason_to_end() const {
  if (broken_) return broken_;
  const bool done = codec_.over() || (leaving_ && flows_.empty());
  if (!done) return std::nullopt;
  return error(errc::closed, peer_, phase::idle, "the connection was closed", 0, false);
}

void h2_core::end(error why) {
  if (over_) return;
  over_ = std::move(why);
  idle_.clear();
  if (broken_) {
    writing_.set(phase::idle, linger_within, async::direction::writing);
  } else {
    wire_.close();
  }
  auto open = std::exchange(flows_, {});
  for (auto& [id, flow] : open) {
    accept_whole_answer(*flow);
    fail(*flow, *over_);
  }
  wake();
}

void h2_core::leave() {
  if (leaving_) return;
  leaving_ = true;
  codec_.go_away();
  wake();
}

flow_ptr h2_core::add_flow(std::int32_t id) {
  auto flow = std::make_shared<h2_flow>(id, wire_.get_executor());
  flows_.emplace(id, flow);
  watch_idleness();
  return flow;
}

void h2_core::watch_idleness() {
  if (flows_.empty() && !leaving_) {
    idle_.set(phase::idle, bounds_.idle_for);
  } else {
    idle_.clear();
  }
}

h2_flow* h2_core::find(std::int32_t id) {
  const auto found = flows_.find(id);
  return found == flows_.end() ? nullptr : found->second.get();
}

void h2_core::fail(h2_flow& flow, error why) {
  if (!flow.failed) flow.failed = std::move(why);
  flow.received_something.notify();
  flow.sent_something.notify();
  const auto callback = std::exchange(flow.on_failure, nullptr);
  if (callback) callback();
}

// As in HTTP/1.1, Content-Length determines where an answer ends: a complete body does not need END_STREAM.
void h2_core::accept_whole_answer(h2_flow& flow) const {
  const auto& body = flow.body;
  const bool counted = body.how == http::framing::kind::counted && body.length > 0;
  const bool whole = role_ == http::h2_role::client && counted && flow.received == body.length;
  if (!whole || flow.ended) return;
  flow.ended = true;
  flow.received_something.notify();
}

void h2_core::reset(h2_flow& flow, http::h2_code code, error why) {
  codec_.reset(flow.id, code);
  fail(flow, std::move(why));
  wake();
}

// Events of the codec, each handled for its flow.
void h2_core::dispatch() {
  for (auto& event : codec_.take_events()) {
    if (over_) return;
    std::visit([this](auto& each) { handle(each); }, event);
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
  flow->received_something.notify();
}

void h2_core::handle(http::h2_data& event) {
  auto* flow = find(event.stream);
  if (!flow || flow->failed) {
    codec_.consumed(event.stream, event.data.size());
    return;
  }
  flow->received += event.data.size();
  flow->waiting += event.data;
  flow->received_something.notify();
}

void h2_core::handle(http::h2_end& event) {
  auto* flow = find(event.stream);
  if (!flow) return;
  flow->trailers = std::move(event.trailers);
  flow->ended = true;
  flow->received_something.notify();
}

void h2_core::handle(http::h2_taken& event) {
  auto* flow = find(event.stream);
  if (!flow) return;
  flow->taken = true;
  flow->sent_something.notify();
}

void h2_core::handle(http::h2_finished& event) {
  auto* flow = find(event.stream);
  if (!flow) return;
  flow->finished = flow->taken = true;
  flow->sent_something.notify();
  // The answer is complete, so the rest of the request is not needed (RFC 9113 section 8.1).
  if (role_ == http::h2_role::server && !flow->ended) codec_.reset(event.stream, h2_code::no_error);
}

void h2_core::handle(http::h2_closed& event) {
  const auto found = flows_.find(event.stream);
  if (found == flows_.end()) return;
  const auto flow = std::move(found->second);
  flows_.erase(found);
  flow->unprocessed = event.code == h2_code::refused_stream || event.code == h2_code::http_1_1_required;
  if (event.code == h2_code::http_1_1_required && on_downgrade) on_downgrade();
  // Bytes that will not be read must not occupy the connection's window.
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

// What exchanges wait for on their flow.

async::task<result<std::string_view>> h2_core::read(flow_ptr flow) {
  // The caller is done with the previous piece only now: return its bytes to the sender as credit.
  codec_.consumed(flow->id, flow->reading.size());
  if (!flow->reading.empty()) wake();
  flow->reading.clear();
  while (flow->waiting.empty() && !flow->ended && !flow->failed) {
    set_limit(*flow, phase::body, bounds_.idle_for);
    co_await flow->received_something.wait();
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
    co_await flow->sent_something.wait();
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
    co_await flow->sent_something.wait();
    clear_limit(*flow, async::direction::writing);
  }
  if (!flow->finished) co_return std::unexpected(blame(*flow, *flow->failed, phase::body));
  co_return result<void>();
}

async::task<result<http::response_head>> h2_core::next_head(flow_ptr flow) {
  while (flow->heads.empty() && !flow->failed) {
    co_await flow->received_something.wait();
  }
  if (flow->heads.empty()) co_return std::unexpected(blame(*flow, *flow->failed, phase::head));
  clear_limit(*flow);
  auto head = std::move(flow->heads.front());
  flow->heads.erase(flow->heads.begin());
  co_return head;
}

void h2_core::set_limit(h2_flow& flow, phase when, std::chrono::milliseconds from_now, async::direction way) {
  const auto at = std::chrono::steady_clock::now() + from_now;
  flow.limits[static_cast<std::size_t>(way)] = {at, when};
  if (at < armed_for_) arm(at);
}

void h2_core::clear_limit(h2_flow& flow, async::direction way) noexcept {
  flow.limits[static_cast<std::size_t>(way)] = {};
}

// Moving or clearing a limit does not touch the timer, which checks all limits when it fires.
void h2_core::arm(steady_time at) {
  armed_for_ = at;
  clock_.expires_at(at);
  clock_.async_wait([core = weak_from_this()](const boost::system::error_code& ec) {
    const auto self = ec ? nullptr : core.lock();
    if (self) self->check_limits();
  });
}

void h2_core::check_limits() {
  const auto at = std::chrono::steady_clock::now();
  auto next = steady_time::max();
  for (const auto& [id, flow] : flows_) {
    if (flow->expired) continue;
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
  flow.expired = reading.at <= writing.at ? reading.when : writing.when;
  reset(flow, http::h2_code::cancel, error(errc::cancelled, party::us, phase::body, "", 0, false));
  // A connection that receives nothing at all would make the next request wait, too.
  if (role_ == http::h2_role::client && now().steady - heard_at_ >= bounds_.idle_for) leave();
}

error h2_core::blame(const h2_flow& flow, error problem, phase when) const {
  problem.who = peer_;
  problem.when = when;
  problem.answer_started = flow.answered;
  if (!flow.expired) return problem;
  problem.code = errc::timed_out;
  problem.when = *flow.expired;
  problem.detail = "nothing came in time";
  return problem;
}

}  // namespace regpass::transport
