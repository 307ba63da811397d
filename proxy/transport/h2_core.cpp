#include "transport/h2_core.hpp"

#include "regpass/base/time.hpp"

#include <string>
#include <utility>

namespace regpass::transport {

namespace {

// One write: what TLS encrypts in one turn.
constexpr std::size_t turn_bytes = 64 * 1024;
// How long a peer that broke the rules may take to read why, and how much of what it still sends is read.
constexpr auto linger_for = std::chrono::seconds{2};
constexpr std::size_t linger_bytes = 256 * 1024;

http::h2_limits codec_limits(const limits& bounds, http::h2_role role) {
  auto made = bounds.h2;
  made.head = bounds.head;
  // Downloads of several clients share a connection upstream: one that stands still must not stop the others, so only
  // the streams' own windows bound what waits.
  if (role == http::h2_role::client) made.connection_window = made.streams * made.stream_window;
  return made;
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
                 end(error(errc::timed_out, peer_, phase::body, "nothing could be written in time", 0, false));
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

// Closing at once, with input unread, would reset the connection and take our GOAWAY with it.
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

// The wire may be gone from now on, while exchanges still hold the core: nothing of the core may reach for it.
void h2_core::pump_ended() noexcept {
  if (--pumping_ == 0) writing_.clear(async::direction::writing);
}

// When nothing is left to be said.
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
    writing_.set(phase::idle, linger_for, async::direction::writing);
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
  auto made = std::make_shared<h2_flow>(id, wire_.get_executor());
  flows_.emplace(id, made);
  watch_idleness();
  return made;
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
  flow.came.notify();
  flow.went.notify();
  const auto call = std::exchange(flow.when_failed, nullptr);
  if (call) call();
}

// Content-Length says where an answer ends, as it does in HTTP/1.1: END_STREAM adds nothing to a body that is there.
void h2_core::accept_whole_answer(h2_flow& flow) const {
  const auto& body = flow.body;
  const bool counted = body.how == http::framing::kind::counted && body.length > 0;
  const bool whole = role_ == http::h2_role::client && counted && flow.received == body.length;
  if (!whole || flow.ended) return;
  flow.ended = true;
  flow.came.notify();
}

void h2_core::reset(h2_flow& flow, http::h2_code code, error why) {
  codec_.reset(flow.id, code);
  fail(flow, std::move(why));
  wake();
}

}  // namespace regpass::transport
