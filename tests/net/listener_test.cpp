#include "regpass/net/listener.hpp"

#include "regpass/async/task_group.hpp"
#include "regpass/base/log.hpp"
#include "support/run_task.hpp"
#include "support/temporary_directory.hpp"

#include <catch2/catch.hpp>
#include <dirent.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace regpass::net {
namespace {

using namespace std::chrono_literals;
using boost::asio::ip::tcp;
using testing::pause;
using testing::run_task;
using testing::wait_until;

tcp::endpoint any_port() {
  return {boost::asio::ip::address_v4::loopback(), 0};
}

std::unique_ptr<listener> open_one(const async::executor& on, const tcp::endpoint& at = any_port(),
                                   bool shared = false) {
  auto made = listener::open(on, at, shared);
  REQUIRE(made);
  return std::move(*made);
}

// A listener whose connections the test holds.
struct door {
  explicit door(const async::executor& on, std::size_t limit = 100) : open(open_one(on)) {
    open->start(
        [this](tcp_socket socket, std::string peer) {
          sockets.push_back(std::move(socket));
          peers.push_back(std::move(peer));
        },
        limit, [this] { return sockets.size(); });
  }
  tcp_socket visit(const async::executor& on) const {
    tcp_socket socket(on);
    socket.connect(open->local());
    return socket;
  }
  async::task<bool> has(std::size_t count, std::chrono::milliseconds within = 5s) {
    const auto reached = [&] { return sockets.size() >= count; };
    auto outcome = co_await wait_until(reached, within);
    co_return outcome;
  }

  std::vector<tcp_socket> sockets;
  std::vector<std::string> peers;
  std::unique_ptr<listener> open;
};

std::string text_of(const tcp::endpoint& at) {
  return at.address().to_string() + " " + std::to_string(at.port());
}

TEST_CASE("An endpoint is an address and a port") {
  struct row {
    const char* text;
    const char* means;
  };
  const auto one = GENERATE(values<row>({
      {"127.0.0.1:3128", "127.0.0.1 3128"},
      {"0.0.0.0:80", "0.0.0.0 80"},
      {"127.0.0.1:0", "127.0.0.1 0"},
      {"127.0.0.1:65535", "127.0.0.1 65535"},
      {"[::1]:3128", "::1 3128"},
      {"[::]:443", ":: 443"},
      {"[::ffff:127.0.0.1]:1", "::ffff:127.0.0.1 1"},
  }));
  INFO(one.text);
  const auto parsed = parse_endpoint(one.text);
  REQUIRE(parsed);
  CHECK(text_of(*parsed) == one.means);
}

TEST_CASE("An invalid endpoint is refused, and the error quotes it") {
  const auto* text = GENERATE("", ":", "3128", "127.0.0.1", "127.0.0.1:", ":3128", "127.0.0.1:65536", "127.0.0.1:-1",
                              "127.0.0.1:+1", "127.0.0.1:80x", "127.0.0.1: 80", " 127.0.0.1:80", "127.0.0.1:80 ",
                              "localhost:3128", "127.1:80", "::1:3128", "fe80::1:80", "[::1]", "[::1]3128", "[]:80",
                              "[127.0.0.1]:80", "[[::1]]:80", "[::1:80", "::1]:80", "127.0.0.1:99999999999999999999");
  INFO(text);
  const auto parsed = parse_endpoint(text);
  REQUIRE_FALSE(parsed);
  CHECK(parsed.error().code == errc::bad_input);
  CHECK_THAT(parsed.error().detail, Catch::Contains("\"" + std::string(text) + "\""));
}

TEST_CASE("Port 0 selects a free port, and two listeners do not share it") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    const auto first = open_one(on);
    const auto second = open_one(on);
    CHECK(first->local().port() != 0);
    CHECK(first->local().port() != second->local().port());
  });
}

TEST_CASE("A port in use is an error that names the address, unless it is shared") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    const auto alone = open_one(on);
    const auto refused = listener::open(on, alone->local(), false);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().when == phase::start);
    CHECK(refused.error().who == party::us);
    CHECK(refused.error().os == EADDRINUSE);
    CHECK_THAT(refused.error().detail, Catch::Contains("127.0.0.1:" + std::to_string(alone->local().port())));

    const auto first = open_one(on, any_port(), true);
    const auto second = listener::open(on, first->local(), true);
    CHECK(second);
  });
}

TEST_CASE("An address that is not ours is an error") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    const auto refused = listener::open(on, {boost::asio::ip::make_address("192.0.2.1"), 0}, false);
    REQUIRE_FALSE(refused);
    CHECK_THAT(refused.error().detail, Catch::Contains("192.0.2.1:0"));
  });
}

TEST_CASE("Each connection is passed to the handler with its peer's address") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    door way(on);
    const auto first = way.visit(on);
    const auto second = way.visit(on);
    const auto came = co_await way.has(2);
    REQUIRE(came);
    CHECK(way.peers[0] == "127.0.0.1:" + std::to_string(first.local_endpoint().port()));
    CHECK(way.peers[1] == "127.0.0.1:" + std::to_string(second.local_endpoint().port()));
    way.open->stop();
  });
}

TEST_CASE("Nothing is accepted after stop, and connecting is refused") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    door way(on);
    const auto early = way.visit(on);  // its connection waits to be accepted
    way.open->stop();
    way.open->stop();
    co_await pause(20ms);
    CHECK(way.sockets.empty());
    tcp_socket late(on);
    boost::system::error_code ec;
    late.connect(way.open->local(), ec);
    CHECK(ec == boost::asio::error::connection_refused);
  });
}

TEST_CASE("A handler may stop the listener that called it") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    auto open = open_one(on);
    int calls = 0;
    const auto handle = [&](const tcp_socket&, const std::string&) {
      ++calls;
      open.reset();
    };
    open->start(handle, 10, [] { return std::size_t{0}; });
    const auto at = open->local();
    tcp_socket client(on);
    client.connect(at);
    const auto called = [&] { return calls > 0; };
    co_await wait_until(called);
    co_await pause(10ms);
    CHECK(calls == 1);
    CHECK(open == nullptr);
  });
}

TEST_CASE("At the limit accepting pauses, logs it once, and resumes when a connection ends (T22)",
          "[limits.connections]") {
  const testing::temporary_directory dir;
  REQUIRE(log::start({.file = dir / "log"}));
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    door way(on, 2);
    std::vector<tcp_socket> clients;
    for (int i = 0; i < 5; ++i) clients.push_back(way.visit(on));
    const auto two = co_await way.has(2);
    CHECK(two);
    const auto three = co_await way.has(3, 150ms);
    CHECK_FALSE(three);
    way.sockets.erase(way.sockets.begin());
    const auto two_again = co_await way.has(2);
    CHECK(two_again);
    CHECK(way.peers.size() == 3);
    way.open->stop();
  });
  log::stop();
  const auto text = testing::content_of(dir / "log");
  CHECK_THAT(text, Catch::Contains("limits.connections"));
  CHECK(std::ranges::count(text, '\n') == 1);
}

std::size_t highest_descriptor() {
  std::size_t highest = 0;
  DIR* all = ::opendir("/proc/self/fd");
  while (const dirent* one = ::readdir(all))
    highest = std::max<std::size_t>(highest, std::strtoul(one->d_name, nullptr, 10));
  ::closedir(all);
  return highest;
}

TEST_CASE("Without descriptors accepting pauses instead of spinning, and resumes when there are some (F06)") {
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  run_task([&]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    door way(on);
    auto client = way.visit(on);
    std::vector<tcp_socket> fillers;
    const auto lowered = rlimit{highest_descriptor() + 1, before.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &lowered);
    boost::system::error_code full;
    while (!full) {  // takes the gaps
      fillers.emplace_back(on);
      fillers.back().open(tcp::v4(), full);
    }
    const auto before_cpu = std::clock();
    const auto accepted = co_await way.has(1, 200ms);
    const auto cpu = std::chrono::milliseconds((std::clock() - before_cpu) * 1000 / CLOCKS_PER_SEC);
    ::setrlimit(RLIMIT_NOFILE, &before);
    CHECK_FALSE(accepted);
    CHECK(cpu < 150ms);
    const auto recovered = co_await way.has(1);
    CHECK(recovered);
    way.open->stop();
  });
  ::setrlimit(RLIMIT_NOFILE, &before);
}

}  // namespace
}  // namespace regpass::net
