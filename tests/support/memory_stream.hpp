// Two connected streams in memory. Each direction is a channel that a test can inspect, cut, delay and break.
#pragma once

#include "regpass/net/stream.hpp"
#include "run_task.hpp"

#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <cstddef>
#include <deque>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace regpass::testing {

constexpr std::size_t unbounded = std::numeric_limits<std::size_t>::max();

class channel {
 public:
  explicit channel(const async::executor& on) : changed_(on, boost::asio::steady_timer::time_point::max()) {}

  // Acts as the writer.
  void put(std::string_view bytes) {
    waiting_ += bytes;
    written_ += bytes.size();
    notify();
  }
  void end() { set(ended_, true); }
  void fail_reads(errc code) { set(read_failure_, code); }  // after the buffered bytes have been read

  // Acts as the reader.
  std::string take() {
    taken_ += waiting_.size();
    notify();
    return std::exchange(waiting_, {});
  }
  void fail_writes(errc code) { set(write_failure_, code); }
  // Writers wait while this many bytes are unread; 0 stops them.
  void hold_beyond(std::size_t capacity) { set(capacity_, capacity); }

  // The next reads return pieces of at most these sizes, all later ones of at most `then`.
  void cut(std::vector<std::size_t> sizes, std::size_t then = unbounded) {
    cuts_.assign(sizes.begin(), sizes.end());
    then_ = then;
  }

  const std::string& waiting() const { return waiting_; }
  std::size_t written() const { return written_; }
  std::size_t taken() const { return taken_; }
  std::size_t writes() const { return writes_; }
  bool ended() const { return ended_; }

 private:
  friend class memory_stream;

  template <class T, class V>
  void set(T& what, V value) {
    what = value;
    notify();
  }
  void notify() { changed_.cancel(); }
  async::task<void> wait() { co_await changed_.async_wait(async::use_task); }
  bool readable() const { return !waiting_.empty() || ended_ || read_failure_; }

  std::size_t give(std::span<char> into) {
    auto most = then_;
    if (!cuts_.empty()) {
      most = cuts_.front();
      cuts_.pop_front();
    }
    const auto count = waiting_.copy(into.data(), std::min(into.size(), most));
    waiting_.erase(0, count);
    taken_ += count;
    notify();
    return count;
  }

  std::string waiting_;
  std::size_t written_ = 0;
  std::size_t taken_ = 0;
  std::size_t writes_ = 0;  // calls of write_all
  std::deque<std::size_t> cuts_;
  std::size_t then_ = unbounded;
  std::size_t capacity_ = unbounded;
  std::optional<errc> read_failure_;
  std::optional<errc> write_failure_;
  bool ended_ = false;
  boost::asio::steady_timer changed_;
};

class memory_stream final : public net::stream {
 public:
  memory_stream(async::executor on, std::shared_ptr<channel> incoming, std::shared_ptr<channel> outgoing)
      : on_(std::move(on)), in_(std::move(incoming)), out_(std::move(outgoing)) {}
  ~memory_stream() override { memory_stream::close(); }

  async::task<result<std::size_t>> read_some(std::span<char> into) override {
    auto ready = co_await wait_readable();
    if (!ready) co_return std::unexpected(ready.error());
    if (!in_->waiting_.empty()) co_return in_->give(into);
    if (in_->read_failure_) co_return std::unexpected(broken(*in_->read_failure_));
    co_return std::size_t{0};
  }

  async::task<result<void>> write_all(std::span<const std::string_view> parts) override {
    ++out_->writes_;
    for (std::string_view left : parts) {
      while (!left.empty()) {
        if (closed_) co_return std::unexpected(broken(errc::cancelled));
        if (out_->write_failure_) co_return std::unexpected(broken(*out_->write_failure_));
        const auto used = out_->waiting_.size();
        const auto room = out_->capacity_ > used ? out_->capacity_ - used : 0;
        out_->put(left.substr(0, room));
        left.remove_prefix(std::min(room, left.size()));
        if (!left.empty()) co_await out_->wait();
      }
    }
    co_return result<void>();
  }

  async::task<result<void>> wait_readable() override {
    while (!closed_ && !in_->readable()) {
      co_await in_->wait();
    }
    if (closed_) co_return std::unexpected(broken(errc::cancelled));
    co_return result<void>();
  }

  async::task<result<void>> shut_write() override {
    out_->end();
    co_return result<void>();
  }

  // As with TCP, the peer reads the bytes in flight and then the end; anything it writes from now on is lost.
  void close() noexcept override {
    if (closed_) return;
    closed_ = true;
    out_->end();
    in_->fail_writes(errc::reset);
    in_->notify();
    out_->notify();
  }

  bool stale() noexcept override { return closed_ || in_->readable(); }
  async::executor get_executor() override { return on_; }

  channel& incoming() { return *in_; }
  channel& outgoing() { return *out_; }
  bool closed() const { return closed_; }

 private:
  static error broken(errc code) {
    return error{.code = code, .who = party::us, .when = phase::body, .detail = "memory stream"};
  }

  async::executor on_;
  std::shared_ptr<channel> in_;
  std::shared_ptr<channel> out_;
  bool closed_ = false;
};

// The channels can still be inspected after the streams have been moved away. `there` carries bytes from `near` to
// `far`.
struct memory_pair {
  explicit memory_pair(const async::executor& on)
      : there(std::make_shared<channel>(on)),
        back(std::make_shared<channel>(on)),
        near(std::make_unique<memory_stream>(on, back, there)),
        far(std::make_unique<memory_stream>(on, there, back)) {}

  std::shared_ptr<channel> there;
  std::shared_ptr<channel> back;
  std::unique_ptr<memory_stream> near;
  std::unique_ptr<memory_stream> far;
};

}  // namespace regpass::testing
