#include "net/tcp_stream.hpp"

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

// A line that has died without a word, at a NAT or load balancer that forgot it, is given up after a minute, and one
// that takes nothing of what is sent after two: a registry may need ten to answer, and such a line would look the same.
void notice_death(tcp_socket& socket) {
  boost::system::error_code ignored;
  socket.set_option(boost::asio::socket_base::keep_alive(true), ignored);
  socket.set_option(keep_idle(30), ignored);
  socket.set_option(keep_interval(10), ignored);
  socket.set_option(keep_count(3), ignored);
  socket.set_option(user_timeout(120'000), ignored);
}

constexpr unsigned in_a_row = 16;

// Whether this thread's connections send so often that others are likely to be about to.
bool many_send() noexcept {
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
    if (peer != party::client) notice_death(socket_);
  }

  async::task<result<std::size_t>> read_some(std::span<char> into) override {
    const auto buffer = boost::asio::buffer(into.data(), into.size());
    // The event loop tells of an end or an error once: who read on would wait for another.
    auto ec = ended_ ? ended_ : boost::system::error_code(boost::asio::error::would_block);
    std::size_t count = 0;
    // Asking where it is not likely would mostly be in vain.
    if (!ended_ && likely_ && at_once()) count = socket_.read_some(buffer, ec);
    if (would_wait(ec)) {
      const auto [failed, got] = co_await socket_.async_read_some(buffer, async::use_task);
      ec = failed;
      count = got;
    }
    likely_ = !ec && count == into.size();
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
    if (many_send()) {
      // In a turn of its own: what they have to send goes out in a row, and finds a peer that they share awake but for
      // the first time.
      const auto on = socket_.get_executor();
      co_await boost::asio::post(on, async::use_task);
    }
    while (!left.empty()) {
      boost::system::error_code ec;
      took(left, socket_.write_some(left, ec));  // the kernel mostly takes all of it
      if (would_wait(ec)) {
        const auto [failed, count] = co_await socket_.async_write_some(left, async::use_task);
        ec = failed;
        took(left, count);
      }
      if (ec) co_return std::unexpected(to_error(ec, phase::body, peer_));
    }
    co_return result<void>();
  }

  async::task<result<void>> wait_readable() override {
    if (ended_ && socket_.is_open()) co_return result<void>();
    const auto [ec] = co_await socket_.async_wait(tcp_socket::wait_read, async::use_task);
    if (ec) co_return std::unexpected(to_error(ec, phase::idle, peer_));
    likely_ = true;
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
    batch_.reset();  // before its socket's number is somebody else's
    socket_.close(ignored);
  }

  bool stale() noexcept override {
    if (!socket_.is_open()) return true;
    char byte = 0;
    const auto got = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return got >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
  }

  presence look() noexcept override {
    if (!socket_.is_open()) return presence::gone;
    pollfd asked{.fd = socket_.native_handle(), .events = POLLRDHUP, .revents = 0};
    if (::poll(&asked, 1, 0) <= 0) return presence::here;
    if ((asked.revents & (POLLERR | POLLHUP | POLLNVAL)) != 0) return presence::gone;
    return presence::finished;
  }

  async::executor get_executor() override { return socket_.get_executor(); }

 private:
  // What the kernel does right away needs no turn of the event loop. But one connection that always finds it so must
  // not keep the thread from the others: each so-manieth operation goes round.
  bool at_once() noexcept { return ++operations_ % in_a_row != 0; }

  static void took(buffers& from, std::size_t bytes) {
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
  boost::system::error_code ended_;  // of reading, with what
  bool likely_ = false;              // that bytes are there: the last read filled its buffer, or the kernel said so
  unsigned operations_ = 0;
  std::optional<receive_batch> batch_;  // once a long body was expected
};

}  // namespace

std::unique_ptr<stream> make_tcp_stream(tcp_socket socket, party peer) {
  return std::make_unique<tcp_stream>(std::move(socket), peer);
}

}  // namespace regpass::net
