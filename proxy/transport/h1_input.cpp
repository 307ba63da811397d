#include "transport/h1_input.hpp"

#include "regpass/async/done_already.hpp"

#include <algorithm>
#include <cstring>

namespace regpass::transport {

template <class Head>
void h1_input<Head>::begin(std::string_view method) {
  decoder_.emplace(bounds_.head, method);
  complete_ = false;
  body_read_ = 0;
}

// Not a coroutine: most connections wait here most of the time, and a frame for each would cost memory.
template <class Head>
async::task<result<void>> h1_input<Head>::wait() {
  if (buffered()) return async::done_already();
  decoder_.reset();
  release_buffer();
  timer_.set(phase::idle, bounds_.idle_for);
  return from_.wait_readable();
}

template <class Head>
async::task<result<void>> h1_input<Head>::first_byte() {
  timer_.clear();  // of `wait`
  if (buffered()) co_return result<void>();
  timer_.set(phase::idle, bounds_.idle_for);
  auto more = co_await fill();
  timer_.clear();
  // In TLS 1.3 the client may reject our certificate only now. Between messages, all other errors mean the same: the
  // client is gone.
  if (!more && more.error().code == errc::distrusted) co_return std::unexpected(more.error());
  if (!more || ended_) {
    co_return std::unexpected(error(errc::closed, peer_, phase::idle, "the peer closed an idle connection", 0, false));
  }
  co_return result<void>();
}

template <class Head>
async::task<result<Head>> h1_input<Head>::read_head(std::chrono::milliseconds within) {
  if (within.count() > 0) timer_.set(phase::head, within);
  for (;;) {
    auto event = step();
    if (!event) co_return std::unexpected(blame(event.error(), phase::head));
    if (event->what == http::h1_event::kind::head) break;
    auto more = co_await fill();
    if (!more) co_return std::unexpected(blame(more.error(), phase::head));
  }
  timer_.clear();
  co_return decoder_->take_head();
}

template <class Head>
async::task<result<std::string_view>> h1_input<Head>::read_body() {
  if (complete_) co_return std::string_view();
  for (;;) {
    auto event = step();
    if (!event) co_return std::unexpected(blame(event.error(), phase::body));
    if (event->what == http::h1_event::kind::data) {
      body_read_ += event->data.size();
      co_return event->data;
    }
    if (event->what == http::h1_event::kind::end) {
      complete_ = true;
      co_return std::string_view();
    }
    timer_.set(phase::body, bounds_.idle_for);
    from_.expect(body_left());
    auto more = co_await fill();
    timer_.clear();
    if (!more) co_return std::unexpected(blame(more.error(), phase::body));
  }
}

template <class Head>
bool h1_input<Head>::body_read_out() const noexcept {
  return decoder_->framing().how == http::framing::kind::counted && body_left() == 0;
}

template <class Head>
std::uint64_t h1_input<Head>::body_left() const noexcept {
  const auto& body = decoder_->framing();
  return body.how == http::framing::kind::counted && body.length > body_read_ ? body.length - body_read_ : 0;
}

template <class Head>
result<http::h1_event> h1_input<Head>::step() {
  const std::string_view ready(buffer_.data() + used_, filled_ - used_);
  auto event = decoder_->next(ready);
  if (!event) return event;
  used_ += event->consumed;
  if (event->what == http::h1_event::kind::need_more && ended_) return decoder_->finish();
  return event;
}

template <class Head>
async::task<result<bool>> h1_input<Head>::fill() {
  if (used_ == filled_) used_ = filled_ = 0;
  // A head must fit in one piece; some extra room lets the decoder notice that the limit was exceeded.
  const auto room = std::max(bounds_.body_buffer, bounds_.head.head_bytes) + 1024;
  if (buffer_.empty()) buffer_.resize(bounds_.body_buffer);
  if (filled_ == buffer_.size()) {
    std::memmove(buffer_.data(), buffer_.data() + used_, filled_ - used_);
    filled_ -= used_;
    used_ = 0;
    if (filled_ == buffer_.size()) buffer_.resize(room);
  }
  if (filled_ == buffer_.size()) {
    co_return std::unexpected(error(errc::too_large, peer_, phase::head, "the message's head is too large", 0, false));
  }
  const std::span<char> free(buffer_.data() + filled_, buffer_.size() - filled_);
  auto count = co_await from_.read_some(free);
  if (!count) co_return std::unexpected(count.error());
  filled_ += *count;
  if (*count == 0) ended_ = true;
  co_return *count > 0;
}

template <class Head>
error h1_input<Head>::blame(error problem, phase when) const {
  problem.who = peer_;
  problem.when = when;
  problem.answer_started = decoder_ && decoder_->started();
  return timer_.blame(std::move(problem));
}

template <class Head>
void h1_input<Head>::release_buffer() noexcept {
  buffer_.release();
  used_ = filled_ = 0;
}

template <class Head>
std::string h1_input<Head>::take_unread() {
  std::string unread(buffer_.data() + used_, filled_ - used_);
  buffer_.release();  // the connection may live on for a long time as a tunnel
  used_ = filled_ = 0;
  return unread;
}

template class h1_input<http::request_head>;
template class h1_input<http::response_head>;

}  // namespace regpass::transport
