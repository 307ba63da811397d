#include "regpass/net/local_socket.hpp"

#include "net/errors.hpp"
#include "regpass/net/tcp_stream.hpp"

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <sys/stat.h>
#include <sys/un.h>

#include <chrono>
#include <utility>

namespace regpass::net {

namespace {

using local = boost::asio::local::stream_protocol;
namespace fs = std::filesystem;

constexpr auto pause_after_failure = std::chrono::milliseconds{500};  // usually out of descriptors

error path_error(const boost::system::error_code& ec, const fs::path& at, std::string_view action) {
  return to_error(ec, phase::start, party::us, std::string(action) + " " + at.string() + ": " + ec.message());
}

// A stream's system calls work for every address family; only TCP_NODELAY fails, and is not needed here.
std::unique_ptr<stream> stream_of(local::socket socket) {
  boost::system::error_code ignored;
  tcp_socket wrapped(socket.get_executor());
  wrapped.assign(boost::asio::ip::tcp::v4(), socket.release(ignored), ignored);
  return make_tcp_stream(std::move(wrapped), party::client);
}

// A path that is too long for the kernel would throw inside Asio.
result<local::endpoint> endpoint_of(const fs::path& at) {
  if (at.string().size() < sizeof(sockaddr_un::sun_path)) return local::endpoint(at.string());
  return fail(errc::bad_input, at.string() + " is too long for a Unix socket (at most 107 bytes)");
}

bool is_listening(const async::executor& on, const local::endpoint& at) {
  local::socket probe(on);
  boost::system::error_code ec;
  probe.connect(at, ec);
  return !ec;
}

}  // namespace

struct local_listener::state {
  state(const async::executor& on, fs::path path) : acceptor(on), pause(on), at(std::move(path)) {}

  static async::task<void> run(std::shared_ptr<state> self) {
    for (;;) {
      auto [ec, socket] = co_await self->acceptor.async_accept(async::use_task);
      if (self->stopped) co_return;
      if (!ec) {
        self->handle(stream_of(std::move(socket)));
        continue;
      }
      self->pause.expires_after(pause_after_failure);
      co_await self->pause.async_wait(async::use_task);
    }
  }

  local::acceptor acceptor;
  boost::asio::steady_timer pause;
  fs::path at;
  handler handle;
  bool stopped = false;
};

local_listener::local_listener(std::shared_ptr<state> s) : state_(std::move(s)) {}

local_listener::~local_listener() {
  state_->stopped = true;
  state_->pause.cancel();
  boost::system::error_code ignored;
  state_->acceptor.close(ignored);
  std::error_code missing;
  fs::remove(state_->at, missing);
}

result<std::unique_ptr<local_listener>> local_listener::open(const async::executor& on, const fs::path& at) {
  const auto endpoint = endpoint_of(at);
  if (!endpoint) return std::unexpected(endpoint.error());
  std::error_code none;
  if (fs::is_socket(at, none)) {
    if (is_listening(on, *endpoint)) {
      return fail(errc::bad_input, at.string() + " is in use: another regpass is running with this state_dir");
    }
    fs::remove(at, none);
  }
  auto opened = std::make_shared<state>(on, at);
  boost::system::error_code ec;
  opened->acceptor.open(local(), ec);
  const auto before = ::umask(S_IXUSR | S_IRWXG | S_IRWXO);
  if (!ec) opened->acceptor.bind(*endpoint, ec);
  ::umask(before);
  if (!ec) opened->acceptor.listen(local::acceptor::max_listen_connections, ec);
  if (ec) {
    opened->at.clear();
    return std::unexpected(path_error(ec, at, "cannot listen on"));
  }
  return std::unique_ptr<local_listener>(new local_listener(std::move(opened)));
}

void local_listener::start(handler handle) {
  state_->handle = std::move(handle);
  async::spawn(state_->acceptor.get_executor(), state::run(state_), "local listener");
}

async::task<result<std::unique_ptr<stream>>> connect_local(fs::path to) {
  const auto on = co_await boost::asio::this_coro::executor;
  const auto endpoint = endpoint_of(to);
  if (!endpoint) co_return std::unexpected(endpoint.error());
  local::socket socket(on);
  const auto [ec] = co_await socket.async_connect(*endpoint, async::use_task);
  if (ec) co_return std::unexpected(path_error(ec, to, "cannot connect to"));
  co_return stream_of(std::move(socket));
}

}  // namespace regpass::net
