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

// Without a frame of its own, as most connections wait here for most of their time.
template <class Head>
async::task<result<void>> h1_input<Head>::wait() {
  if (buffered()) return async::done_already();
  decoder_.reset();
  rest();
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
  // The client's verdict on our certificate may come this late (TLS 1.3); every other way of going away is the same
  // between messages.
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
  // A head may need its limit's worth of bytes in one piece; a little more lets the decoder see that the limit was
  // passed.
  const auto room = std::max(bounds_.body_buffer, bounds_.head.head_bytes) + 1024;
  if (buffer_.empty()) buffer_.resize(bounds_.body_buffer);
  if (filled_ == buffer_.size()) {
    std::memmove(buffer_.data(), buffer_.data() + used_, filled_ - used_);
    filled_ -= used_;
    used_ = 0;
    if (filled_ == buffer_.size()) buffer_.resize(room);
  }
  if (filled_ == buffer_.size()) {
    co_return std::unexpected(
        error(errc::too_large, peer_, phase::head, "the message's head passes its bound", 0, false));
  }
  const std::span<char> free(buffer_.data() + filled_, buffer_.size() - filled_);
  auto got = co_await from_.read_some(free);
  if (!got) co_return std::unexpected(got.error());
  filled_ += *got;
  if (*got == 0) ended_ = true;
  co_return *got > 0;
}

template <class Head>
error h1_input<Head>::blame(error problem, phase when) const {
  problem.who = peer_;
  problem.when = when;
  problem.answer_started = decoder_ && decoder_->started();
  return timer_.blame(std::move(problem));
}

template <class Head>
void h1_input<Head>::rest() noexcept {
  buffer_.release();
  used_ = filled_ = 0;
}

template <class Head>
std::string h1_input<Head>::take_rest() {
  std::string rest(buffer_.data() + used_, filled_ - used_);
  buffer_.release();  // the connection may live for long, as something else
  used_ = filled_ = 0;
  return rest;
}

template class h1_input<http::request_head>;
template class h1_input<http::response_head>;

}  // namespace regpass::transport
