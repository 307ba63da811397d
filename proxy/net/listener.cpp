#include "regpass/net/listener.hpp"

#include "net/errors.hpp"
#include "regpass/base/log.hpp"
#include "regpass/net/endpoint.hpp"

#include <boost/asio/steady_timer.hpp>
#include <sys/socket.h>

#include <atomic>
#include <chrono>
#include <string>

namespace regpass::net {

namespace {

using boost::asio::ip::tcp;
using reuse_port = boost::asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;

constexpr auto pause_when_full = std::chrono::milliseconds{50};
constexpr auto pause_without_descriptors = std::chrono::milliseconds{500};

bool out_of_descriptors(const boost::system::error_code& ec) {
  return ec.value() == EMFILE || ec.value() == ENFILE || ec.value() == ENOBUFS || ec.value() == ENOMEM;
}

// All listeners of all workers run out at the same time, so one message a second is enough.
bool may_log() {
  using clock = std::chrono::steady_clock;
  static std::atomic<clock::rep> next{0};
  const auto now = clock::now().time_since_epoch();
  auto due = next.load();
  return now.count() >= due &&
         next.compare_exchange_strong(due, (now + clock::duration(std::chrono::seconds(1))).count());
}

}  // namespace

struct listener::state {
  explicit state(const async::executor& on) : acceptor(on), timer(on) {}

  async::task<void> run() {
    while (!stopped) {
      if (open_connections() >= limit) {
        log_full();
        timer.expires_after(pause_when_full);
        co_await timer.async_wait(async::use_task);
        continue;
      }
      logged_full = false;
      auto [ec, socket] = co_await acceptor.async_accept(async::use_task);
      if (stopped) break;
      if (!ec) {
        accept(std::move(socket));
      } else if (out_of_descriptors(ec)) {
        if (may_log()) {
          log::write(log::level::error, "client-rejected",
                     "out of file descriptors: accepting pauses on " + shown(local));
        }
        timer.expires_after(pause_without_descriptors);
        co_await timer.async_wait(async::use_task);
      }
    }
  }

  // Clients that connect now have to wait, which to them looks like a broken network.
  void log_full() {
    if (logged_full || !may_log()) return;
    logged_full = true;
    log::write(log::level::warn, "client-rejected",
               std::to_string(limit) +
                   " connections are open, the limit set by limits.connections or the open files (nofile): accepting "
                   "pauses on " +
                   shown(local));
  }

  void accept(tcp_socket socket) {
    boost::system::error_code ec;
    const auto peer = socket.remote_endpoint(ec);
    if (ec) return;  // disconnected already
    handle(std::move(socket), shown(peer));
  }

  tcp::acceptor acceptor;
  boost::asio::steady_timer timer;
  tcp::endpoint local;
  handler handle;
  std::size_t limit = 0;
  std::function<std::size_t()> open_connections;
  bool logged_full = false;
  bool stopped = false;
};

namespace {

// Keeps the state alive while its loop runs, which may end slightly after `stop`.
async::task<void> keep_running([[maybe_unused]] std::shared_ptr<void> alive, async::task<void> loop) {
  co_await std::move(loop);
}

}  // namespace

listener::listener(std::shared_ptr<state> s) : state_(std::move(s)) {}
listener::~listener() {
  stop();
}

result<std::unique_ptr<listener>> listener::open(const async::executor& on, const tcp::endpoint& at, bool shared) {
  auto opened = std::make_shared<state>(on);
  boost::system::error_code ec;
  auto& acceptor = opened->acceptor;
  acceptor.open(at.protocol(), ec);
  if (!ec) acceptor.set_option(tcp::acceptor::reuse_address(true), ec);
  if (!ec && shared) acceptor.set_option(reuse_port(true), ec);
  if (!ec) acceptor.bind(at, ec);
  if (!ec) acceptor.listen(tcp::acceptor::max_listen_connections, ec);
  if (ec)
    return std::unexpected(
        to_error(ec, phase::start, party::us, "cannot listen on " + shown(at) + ": " + ec.message()));
  opened->local = acceptor.local_endpoint(ec);
  return std::unique_ptr<listener>(new listener(std::move(opened)));
}

void listener::start(handler handle, std::size_t limit, std::function<std::size_t()> open_connections) {
  state_->handle = std::move(handle);
  state_->limit = limit;
  state_->open_connections = std::move(open_connections);
  async::spawn(state_->acceptor.get_executor(), keep_running(state_, state_->run()), "listener");
}

void listener::stop() noexcept {
  if (state_->stopped) return;
  state_->stopped = true;
  boost::system::error_code ignored;
  state_->acceptor.close(ignored);
  state_->timer.cancel();
}

tcp::endpoint listener::local() const {
  return state_->local;
}

}  // namespace regpass::net
