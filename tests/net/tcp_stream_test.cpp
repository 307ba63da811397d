#include "regpass/net/tcp_stream.hpp"

#include "regpass/async/task_group.hpp"
#include "support/bytes.hpp"
#include "support/loopback.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <catch2/catch.hpp>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <span>
#include <string>
#include <vector>

namespace regpass::net {
namespace {

using namespace std::chrono_literals;
using testing::checksum;
using testing::connected_pair;
using testing::noise;
using testing::pause;
using testing::run_task;
using testing::wait_until;

async::task<std::string> read_until_end(stream& from) {
  std::string all;
  std::string piece(64 * 1024, '\0');
  for (;;) {
    auto got = co_await from.read_some(piece);
    REQUIRE(got);
    if (*got == 0) co_return all;
    all.append(piece, 0, *got);
  }
}

int option(int fd, int level, int name) {
  int value = -1;
  socklen_t size = sizeof value;
  CHECK(::getsockopt(fd, level, name, &value, &size) == 0);
  return value;
}

TEST_CASE("A connection to a registry that dies silently is detected (F01)") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    for (const auto peer : {party::registry, party::client}) {
      testing::loopback door(on);
      tcp_socket socket(on);
      socket.connect({boost::asio::ip::address_v4::loopback(), door.port()});
      const int fd = ::dup(socket.native_handle());
      const auto made = make_tcp_stream(std::move(socket), peer);
      CHECK(option(fd, SOL_SOCKET, SO_KEEPALIVE) == (peer == party::registry ? 1 : 0));
      if (peer == party::registry) {
        CHECK(option(fd, IPPROTO_TCP, TCP_KEEPIDLE) + 3 * option(fd, IPPROTO_TCP, TCP_KEEPINTVL) == 60);
        CHECK(option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT) == 120'000);
      }
      ::close(fd);
    }
  });
}

TEST_CASE("All parts of a write arrive, in order") {
  run_task([]() -> async::task<void> {
    auto ends = co_await connected_pair();
    const std::array<std::string_view, 4> parts{"a", "", "bc", "def"};
    auto written = co_await ends.near->write_all(parts);
    CHECK(written);
    const std::span<const std::string_view> nothing;
    written = co_await ends.near->write_all(nothing);
    CHECK(written);
    auto shut = co_await ends.near->shut_write();
    CHECK(shut);
    const auto got = co_await read_until_end(*ends.far);
    CHECK(got == "abcdef");
  });
}

async::task<void> count_turns(const bool& over, int& turns) {
  const auto on = co_await boost::asio::this_coro::executor;
  while (!over) {
    ++turns;
    co_await boost::asio::post(on, async::use_task);
  }
}

TEST_CASE("Reads of available bytes skip the event loop without starving other connections") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    auto pair = co_await connected_pair();
    const auto bytes = noise(1600);
    co_await write_one(*pair.far, bytes);
    bool over = false;
    int turns = 0;
    async::task_group others(on);
    others.spawn(count_turns(over, turns), "another one");
    std::string got;
    char one = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      auto read = co_await pair.near->read_some(std::span(&one, 1));
      REQUIRE(read);
      got += one;
    }
    over = true;
    co_await others.join();
    CHECK(checksum(got) == checksum(bytes));
    CHECK(turns >= 50);
    CHECK(turns <= 400);
  });
}

TEST_CASE("After a half-close the other direction still works") {
  run_task([]() -> async::task<void> {
    auto ends = co_await connected_pair();
    co_await write_one(*ends.near, "question");
    co_await ends.near->shut_write();
    const auto question = co_await read_until_end(*ends.far);
    CHECK(question == "question");
    auto answered = co_await write_one(*ends.far, "answer");
    CHECK(answered);
    co_await ends.far->shut_write();
    const auto answer = co_await read_until_end(*ends.near);
    CHECK(answer == "answer");
  });
}

TEST_CASE("A writer waits for a slow reader, and nothing is lost") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    auto ends = co_await connected_pair();
    const auto body = noise(16 * 1024 * 1024);
    bool written = false;
    const auto write = [&]() -> async::task<void> {
      auto outcome = co_await write_one(*ends.near, body);
      written = outcome.has_value();
      co_await ends.near->shut_write();
    };
    async::task_group writers(on);
    writers.spawn(write(), "writer");
    co_await pause(20ms);
    CHECK_FALSE(written);
    const auto got = co_await read_until_end(*ends.far);
    co_await writers.join();
    CHECK(written);
    CHECK(checksum(got) == checksum(body));
  });
}

TEST_CASE("Closing ends pending operations: cancelled on this side, end of stream on the peer's") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    auto ends = co_await connected_pair();
    std::array<char, 8> into{};
    result<std::size_t> got = std::size_t{99};
    const auto read = [&]() -> async::task<void> { got = co_await ends.near->read_some(into); };
    async::task_group readers(on);
    readers.spawn(read(), "reader");
    co_await pause(5ms);
    ends.near->close();
    co_await readers.join();
    REQUIRE_FALSE(got);
    CHECK(got.error().code == errc::cancelled);
    CHECK(got.error().who == party::registry);
    got = co_await ends.far->read_some(into);
    CHECK(got == std::size_t{0});
    ends.near->close();  // again: nothing happens
    auto ready = co_await ends.near->wait_readable();
    CHECK_FALSE(ready);
  });
}

TEST_CASE("A reset is distinguished from an orderly end") {
  run_task([]() -> async::task<void> {
    auto ends = co_await connected_pair();
    co_await write_one(*ends.near, "never read");
    std::array<char, 8> into{};
    co_await ends.far->wait_readable();
    ends.far->close();  // with unread input TCP says RST
    auto got = co_await ends.near->read_some(into);
    REQUIRE_FALSE(got);
    CHECK(got.error().code == errc::reset);
    CHECK(got.error().who == party::registry);
    CHECK(got.error().os == ECONNRESET);
    auto written = co_await write_one(*ends.near, "too late");
    REQUIRE_FALSE(written);
    CHECK(written.error().code == errc::reset);
  });
}

TEST_CASE("Waiting for input ends at the first byte or at the end of the stream") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    auto ends = co_await connected_pair();
    int ready = 0;
    const auto wait = [&]() -> async::task<void> {
      auto outcome = co_await ends.far->wait_readable();
      ready += outcome.has_value() ? 1 : 0;
    };
    async::task_group waiters(on);
    waiters.spawn(wait(), "waiter");
    co_await pause(10ms);
    CHECK(ready == 0);
    co_await write_one(*ends.near, "x");
    co_await waiters.join();
    CHECK(ready == 1);
    std::array<char, 8> into{};
    auto got = co_await ends.far->read_some(into);
    CHECK(got == std::size_t{1});
    waiters.spawn(wait(), "waiter");
    co_await ends.near->shut_write();
    co_await waiters.join();
    CHECK(ready == 2);
  });
}

TEST_CASE("An idle connection is stale once the peer has closed, reset or sent data, or we have closed") {
  struct row {
    const char* what;
    void (*happens)(testing::socket_pair&);
    bool stale;
  };
  const auto which = GENERATE(values<row>({
      {"nothing", [](testing::socket_pair&) {}, false},
      {"peer closes", [](testing::socket_pair& ends) { ends.far->close(); }, true},
      {"we close", [](testing::socket_pair& ends) { ends.near->close(); }, true},
  }));
  INFO(which.what);
  run_task([&]() -> async::task<void> {
    auto ends = co_await connected_pair();
    CHECK_FALSE(ends.near->stale());
    which.happens(ends);
    const auto is_stale = [&] { return ends.near->stale(); };
    const auto within = which.stale ? 5'000ms : 20ms;
    const auto stale = co_await wait_until(is_stale, within);
    CHECK(stale == which.stale);
  });
}

// Reads to the end, and three times more.
async::task<void> read_on(stream& from, std::vector<std::string>& said) {
  std::array<char, 32> into{};
  for (int times = 0; times < 4; ++times) {
    auto got = co_await from.read_some(into);
    said.push_back(got ? std::to_string(*got) : std::string(name_of(got.error().code)));
  }
}

TEST_CASE("Reading after the end returns the end again, at once (F10)") {
  const bool by_reset = GENERATE(false, true);
  run_task([&]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    auto ends = co_await connected_pair();
    std::vector<std::string> said;
    async::task_group readers(on);
    readers.spawn(read_on(*ends.near, said), "reader");
    if (by_reset) {
      co_await write_one(*ends.near, "unread");  // who closes with it resets
      co_await pause(20ms);
    }
    ends.far->close();
    const auto all = [&] { return said.size() == 4; };
    const auto in_time = co_await wait_until(all, 5s);
    CHECK(in_time);
    for (const auto& one : said) CHECK(one == (by_reset ? "reset" : "0"));
    ends.near->close();
    co_await readers.join();
  });
}

TEST_CASE("Probing a peer distinguishes open, half-closed and closed, whatever input is unread") {
  struct row {
    const char* what;
    void (*happens)(testing::socket_pair&);
    peer_state then;
  };
  const auto which = GENERATE(values<row>({
      {"nothing", [](testing::socket_pair&) {}, peer_state::open},
      {"peer closes", [](testing::socket_pair& ends) { ends.far->close(); }, peer_state::half_closed},
      {"we close", [](testing::socket_pair& ends) { ends.near->close(); }, peer_state::closed},
  }));
  const bool unread = GENERATE(false, true);
  INFO(which.what << (unread ? ", with bytes that wait" : ""));
  run_task([&]() -> async::task<void> {
    auto ends = co_await connected_pair();
    if (unread) co_await write_one(*ends.far, "bytes");
    CHECK(ends.near->probe_peer() == peer_state::open);
    which.happens(ends);
    const auto noticed = [&] { return ends.near->probe_peer() == which.then; };
    const auto outcome = co_await wait_until(noticed);
    CHECK(outcome);
    if (which.then != peer_state::half_closed) co_return;
    // Who has closed answers what is sent by a reset.
    co_await write_one(*ends.near, "to nobody");
    const auto gone = [&] { return ends.near->probe_peer() == peer_state::closed; };
    const auto in_the_end = co_await wait_until(gone);
    CHECK(in_the_end);
  });
}

TEST_CASE("Unexpected bytes make a connection stale, and checking does not consume them") {
  run_task([]() -> async::task<void> {
    auto ends = co_await connected_pair();
    co_await write_one(*ends.far, "surprise");
    co_await ends.near->wait_readable();
    CHECK(ends.near->stale());
    CHECK(ends.near->stale());
    std::array<char, 32> into{};
    auto got = co_await ends.near->read_some(into);
    CHECK(got == std::size_t{8});
    CHECK_FALSE(ends.near->stale());
  });
}

int low_water_of(int socket) {
  int bytes = 0;
  socklen_t size = sizeof bytes;
  REQUIRE(::getsockopt(socket, SOL_SOCKET, SO_RCVLOWAT, &bytes, &size) == 0);
  return bytes;
}

TEST_CASE("Inside a long body a reader is woken for large pieces, and at its end for any piece") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    auto ends = co_await connected_pair();
    const auto body = noise(8 * 1024 * 1024);
    async::task_group writers(on);
    const auto write = [&]() -> async::task<void> { co_await write_one(*ends.near, body); };
    writers.spawn(write(), "writer");
    std::string all;
    int highest = 0;
    std::string piece(72 * 1024, '\0');
    while (all.size() < body.size()) {
      ends.far->expect(body.size() - all.size());
      highest = std::max(highest, low_water_of(ends.far_socket));
      auto got = co_await ends.far->read_some(piece);
      REQUIRE(got);
      all.append(piece, 0, *got);
    }
    CHECK(highest == 64 * 1024);
    CHECK(low_water_of(ends.far_socket) == 1);
    CHECK(checksum(all) == checksum(body));
    co_await writers.join();
  });
}

TEST_CASE("Bytes of a peer that becomes slow inside a long body are not delayed") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    auto ends = co_await connected_pair();
    const auto body = noise(2 * 1024 * 1024);
    const auto first = std::string_view(body).substr(0, 1024 * 1024);
    const std::string_view few = "a few bytes";
    async::task_group writers(on);
    const auto write = [&]() -> async::task<void> { co_await write_one(*ends.near, first); };
    writers.spawn(write(), "writer");
    std::string all;
    std::string piece(72 * 1024, '\0');
    while (all.size() < first.size()) {
      ends.far->expect(body.size() - all.size());
      auto got = co_await ends.far->read_some(piece);
      REQUIRE(got);
      all.append(piece, 0, *got);
    }
    co_await writers.join();
    ends.far->expect(body.size() - all.size());
    co_await write_one(*ends.near, few);
    auto got = co_await ends.far->read_some(piece);  // hangs for ever where nobody gives up waiting for more
    REQUIRE(got);
    CHECK(piece.substr(0, *got) == few);
  });
}

}  // namespace
}  // namespace regpass::net
