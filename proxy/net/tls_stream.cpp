#include "regpass/net/tls_stream.hpp"

#include "regpass/async/done_already.hpp"

namespace regpass::net {

namespace {

// The size of one read: four full records and a little of the next one. Small enough to stay in the L2 cache with the
// plaintext, large enough that system calls do not matter (tests/bench: 16 KiB costs 0.9 × nginx, 64 KiB 0.7 ×).
constexpr std::size_t read_bytes = buffer::block_bytes;

constexpr auto forever = boost::asio::steady_timer::time_point::max();

}  // namespace

tls_stream::tls_stream(std::unique_ptr<stream> below, const tls::context& context, tls::engine_options options)
    : below_(std::move(below)), engine_(context, std::move(options)) {}

async::task<result<void>> tls_stream::handshake() {
  for (;;) {
    auto done = engine_.handshake();
    // Send the engine's output even after a failure: it contains the alert for the peer.
    auto sent = co_await flush();
    if (!done) co_return std::unexpected(done.error());
    if (!sent) co_return std::unexpected(sent.error());
    if (*done) co_return result<void>();
    auto more = co_await fill();
    if (!more) co_return std::unexpected(more.error());
    if (!*more) engine_.input_ended();
  }
}

async::task<result<std::size_t>> tls_stream::read_some(std::span<char> into) {
  for (;;) {
    auto count = engine_.read(into);
    if (!count) {
      if (count.error().code == errc::closed) co_return std::size_t{0};
      co_return std::unexpected(count.error());
    }
    if (engine_.input_left() == 0) input_.release();
    if (*count > 0) co_return *count;
    // Messages of the peer between two data records may require an answer.
    if (!engine_.output().empty()) {
      auto sent = co_await flush();
      if (!sent) co_return std::unexpected(sent.error());
    }
    auto more = co_await fill();
    if (!more) co_return std::unexpected(more.error());
    if (!*more) engine_.input_ended();
  }
}

async::task<result<bool>> tls_stream::fill() {
  if (input_.empty()) input_.resize(read_bytes);
  auto count = co_await below_->read_some(input_.span());
  if (!count) co_return std::unexpected(engine_.meaning_of(count.error()));
  if (*count == 0) co_return false;
  engine_.feed(std::span<const char>(input_.data(), *count));
  co_return true;
}

async::task<result<void>> tls_stream::write_all(std::span<const std::string_view> parts) {
  auto written = engine_.write(parts);
  if (!written) co_return std::unexpected(written.error());
  auto sent = co_await flush();
  co_return sent;
}

async::task<result<void>> tls_stream::flush() {
  // Only one caller sends at a time. The others wait, because what they append would grow while the peer does not read.
  while (flushing_) {
    if (!flushed_) flushed_ = std::make_unique<boost::asio::steady_timer>(get_executor(), forever);
    co_await flushed_->async_wait(async::use_task);
  }
  flushing_ = true;
  result<void> outcome;
  while (!engine_.output().empty()) {
    engine_.take(sending_);
    outcome = co_await write_one(*below_, sending_.view());
    sending_.release();
    if (!outcome) break;
  }
  flushing_ = false;
  if (flushed_) flushed_->cancel();
  co_return outcome;
}

// Not a coroutine: most connections wait here most of the time, and a frame for each would cost memory.
async::task<result<void>> tls_stream::wait_readable() {
  if (engine_.holds_input()) return async::done_already();
  input_.release();
  engine_.release();
  return below_->wait_readable();
}

// Some of the bytes may have arrived already, as ciphertext or inside OpenSSL.
void tls_stream::expect(std::uint64_t bytes) noexcept {
  constexpr std::uint64_t buffered = read_bytes + 16 * 1024;
  below_->expect(bytes > buffered ? bytes - buffered : 0);
}

async::task<result<void>> tls_stream::shut_write() {
  engine_.close_notify();
  auto sent = co_await flush();
  if (!sent) co_return std::unexpected(sent.error());
  auto shut = co_await below_->shut_write();
  co_return shut;
}

void tls_stream::close() noexcept {
  below_->close();
}

bool tls_stream::stale() noexcept {
  return engine_.holds_input() || below_->stale();
}

peer_state tls_stream::probe_peer() noexcept {
  return below_->probe_peer() == peer_state::open ? peer_state::open : peer_state::closed;
}

async::executor tls_stream::get_executor() {
  return below_->get_executor();
}

}  // namespace regpass::net
