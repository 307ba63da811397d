#include "regpass/net/tcp_stream.hpp"

#include "net/errors.hpp"
#include "net/receive_batch.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/container/small_vector.hpp>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

namespace regpass::net {

namespace {

using keep_idle = boost::asio::detail::socket_option::integer<IPPROTO_TCP, TCP_KEEPIDLE>;
using keep_interval = boost::asio::detail::socket_option::integer<IPPROTO_TCP, TCP_KEEPINTVL>;
using keep_count = boost::asio::detail::socket_option::integer<IPPROTO_TCP, TCP_KEEPCNT>;
using user_timeout = boost::asio::detail::socket_option::integer<IPPROTO_TCP, TCP_USER_TIMEOUT>;

// Detects connections that died silently, for example because a NAT or load balancer dropped their state: after a
// minute if idle, after two if sent data is not acknowledged. A registry may take ten minutes to answer, so silence
// alone proves nothing.
void enable_keepalive(tcp_socket& socket) {
  boost::system::error_code ignored;
  socket.set_option(boost::asio::socket_base::keep_alive(true), ignored);
  socket.set_option(keep_idle(30), ignored);
  socket.set_option(keep_interval(10), ignored);
  socket.set_option(keep_count(3), ignored);
  socket.set_option(user_timeout(120'000), ignored);
}

constexpr unsigned max_in_a_row = 16;

// Whether this thread's connections send so often that others are probably about to send as well.
bool sends_are_frequent() noexcept {
  constexpr auto close = std::chrono::microseconds(50);
  static thread_local std::chrono::steady_clock::time_point last;
  const auto now = std::chrono::steady_clock::now();
  return now - std::exchange(last, now) < close;
}

using buffers = boost::container::small_vector<boost::asio::const_buffer, 4>;

class tcp_stream final : public stream {
 public:
  tcp_stream(tcp_socket socket, party peer) : socket_(std::move(socket)), peer_(peer) {
    boost::system::error_code ignored;
    socket_.set_option(boost::asio::ip::tcp::no_delay(true), ignored);
    socket_.non_blocking(true, ignored);
    if (peer != party::client) enable_keepalive(socket_);
  }

  async::task<result<std::size_t>> read_some(std::span<char> into) override {
    const auto buffer = boost::asio::buffer(into.data(), into.size());
    // The event loop reports an end or an error only once: another wait would never return.
    auto ec = ended_ ? ended_ : boost::system::error_code(boost::asio::error::would_block);
    std::size_t count = 0;
    // Try a direct read only if data is likely: otherwise the system call would be wasted.
    if (!ended_ && data_likely_ && may_skip_loop()) count = socket_.read_some(buffer, ec);
    if (would_wait(ec)) {
      const auto [failed, received] = co_await socket_.async_read_some(buffer, async::use_task);
      ec = failed;
      count = received;
    }
    data_likely_ = !ec && count == into.size();
    if (batch_) batch_->arrived(count);
    ended_ = ec;
    if (ec == boost::asio::error::eof) co_return std::size_t{0};
    if (ec) co_return std::unexpected(to_error(ec, phase::body, peer_));
    co_return count;
  }

  async::task<result<void>> write_all(std::span<const std::string_view> parts) override {
    buffers left;
    for (const auto part : parts) {
      if (!part.empty()) left.emplace_back(part.data(), part.size());
    }
    if (sends_are_frequent()) {
      // Yield once: then several connections send back to back, and a peer that they share is woken only once.
      const auto on = socket_.get_executor();
      co_await boost::asio::post(on, async::use_task);
    }
    while (!left.empty()) {
      boost::system::error_code ec;
      drop_front(left, socket_.write_some(left, ec));  // the kernel usually accepts all of it
      if (would_wait(ec)) {
        const auto [failed, count] = co_await socket_.async_write_some(left, async::use_task);
        ec = failed;
        drop_front(left, count);
      }
      if (ec) co_return std::unexpected(to_error(ec, phase::body, peer_));
    }
    co_return result<void>();
  }

  async::task<result<void>> wait_readable() override {
    if (ended_ && socket_.is_open()) co_return result<void>();
    const auto [ec] = co_await socket_.async_wait(tcp_socket::wait_read, async::use_task);
    if (ec) co_return std::unexpected(to_error(ec, phase::idle, peer_));
    data_likely_ = true;
    co_return result<void>();
  }

  int plain_descriptor() noexcept override { return socket_.is_open() && !ended_ ? socket_.native_handle() : -1; }

  async::task<result<void>> wait_writable() override {
    const auto [ec] = co_await socket_.async_wait(tcp_socket::wait_write, async::use_task);
    if (ec) co_return std::unexpected(to_error(ec, phase::body, peer_));
    co_return result<void>();
  }

  void expect(std::uint64_t bytes) noexcept override {
    if (!batch_ && bytes >= receive_batch::least) batch_.emplace(socket_.get_executor(), socket_.native_handle());
    if (batch_) batch_->expect(bytes);
  }

  async::task<result<void>> shut_write() override {
    boost::system::error_code ec;
    socket_.shutdown(tcp_socket::shutdown_send, ec);
    if (ec) co_return std::unexpected(to_error(ec, phase::body, peer_));
    co_return result<void>();
  }

  void close() noexcept override {
    boost::system::error_code ignored;
    batch_.reset();  // before the descriptor can be reused
    socket_.close(ignored);
  }

  bool stale() noexcept override {
    if (!socket_.is_open()) return true;
    char byte = 0;
    const auto received = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return received >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
  }

  peer_state probe_peer() noexcept override {
    if (!socket_.is_open()) return peer_state::closed;
    pollfd poll_entry{.fd = socket_.native_handle(), .events = POLLRDHUP, .revents = 0};
    if (::poll(&poll_entry, 1, 0) <= 0) return peer_state::open;
    if ((poll_entry.revents & (POLLERR | POLLHUP | POLLNVAL)) != 0) return peer_state::closed;
    return peer_state::half_closed;
  }

  async::executor get_executor() override { return socket_.get_executor(); }

 private:
  // Operations that the kernel completes at once need not go through the event loop. But every n-th one does, so that a
  // busy connection does not starve the others on this thread.
  bool may_skip_loop() noexcept { return ++operations_ % max_in_a_row != 0; }

  static void drop_front(buffers& from, std::size_t bytes) {
    while (bytes > 0) {
      auto& first = from.front();
      const auto size = std::min(bytes, first.size());
      first += size;
      bytes -= size;
      if (first.size() == 0) from.erase(from.begin());
    }
  }

  static bool would_wait(const boost::system::error_code& ec) {
    return ec == boost::asio::error::would_block || ec == boost::asio::error::try_again;
  }

  tcp_socket socket_;
  party peer_;
  boost::system::error_code ended_;  // how reading ended
  bool data_likely_ = false;         // the last read filled its buffer, or the kernel reported data
  unsigned operations_ = 0;
  std::optional<receive_batch> batch_;  // set when a long body is expected
};

}  // namespace

std::unique_ptr<stream> make_tcp_stream(tcp_socket socket, party peer) {
  return std::make_unique<tcp_stream>(std::move(socket), peer);
}

}  // namespace regpass::net
