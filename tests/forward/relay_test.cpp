// run_tunnel between two pairs of real sockets.
#include "forward/session/tunnel.hpp"
#include "regpass/base/descriptor.hpp"
#include "support/loopback.hpp"
#include "support/run_task.hpp"

#include <catch2/catch.hpp>
#include <unistd.h>

#include <filesystem>
#include <iterator>
#include <thread>
#include <vector>

using namespace regpass;
using namespace regpass::testing;
using namespace std::chrono_literals;

namespace {

// Both ends of a tunnel, and the outcome.
struct tunnel_scene {
  socket_pair client;  // far: the person's end
  socket_pair server;
  forward::tunnel_traffic moved;
  bool over = false;
};

async::task<void> run(tunnel_scene& scene, std::chrono::milliseconds idle) {
  scene.moved = co_await forward::run_tunnel(*scene.client.near, *scene.server.near, idle);
  scene.over = true;
}

async::task<void> open(tunnel_scene& scene, std::chrono::milliseconds idle) {
  scene.client = co_await connected_pair();
  scene.server = co_await connected_pair();
  async::spawn(scene.client.near->get_executor(), run(scene, idle), "tunnel");
}

// Waits for the tunnel's end and releases the sockets, which must not outlive their executor.
async::task<void> finish(tunnel_scene& scene) {
  const auto is_over = [&] { return scene.over; };
  const bool over = co_await wait_until(is_over);
  CHECK(over);
  scene.client = {};
  scene.server = {};
}

async::task<std::string> read_some(net::stream& from) {
  std::string into(64 * 1024, '\0');
  auto got = co_await from.read_some(into);
  co_return got ? into.substr(0, *got) : "failed";
}

async::task<void> send_all(net::stream& to, const std::string& bytes) {
  co_await net::write_one(to, bytes);
  co_await to.shut_write();
}

// Takes all remaining file descriptors.
class descriptors_taken {
 public:
  descriptors_taken() {
    for (int one = ::dup(0); one >= 0; one = ::dup(0)) all_.emplace_back(one);
  }

 private:
  std::vector<descriptor> all_;
};

}  // namespace

TEST_CASE("A tunnel carries bytes both ways and counts them") {
  tunnel_scene scene;
  run_task([&]() -> async::task<void> {
    co_await open(scene, 5s);
    co_await net::write_one(*scene.client.far, "question");
    const auto asked = co_await read_some(*scene.server.far);
    CHECK(asked == "question");
    co_await net::write_one(*scene.server.far, "answer");
    const auto answered = co_await read_some(*scene.client.far);
    CHECK(answered == "answer");
    scene.client.far->close();
    scene.server.far->close();
    co_await finish(scene);
  });
  CHECK(scene.moved.up == 8);
  CHECK(scene.moved.down == 6);
}

TEST_CASE("A tunnel relays to a slow reader byte for byte, and keeps no descriptors") {
  const auto descriptors = [] {
    const std::filesystem::directory_iterator all("/proc/self/fd");
    return std::distance(begin(all), end(all));
  };
  const std::ptrdiff_t before = descriptors();
  std::string sent(8 << 20, '\0');
  for (std::size_t i = 0; i < sent.size(); ++i) sent[i] = static_cast<char>((i * 2654435761U) >> 13U);
  for (int round = 0; round < 20; ++round) {
    tunnel_scene scene;
    std::string got;
    run_task([&]() -> async::task<void> {
      co_await open(scene, 20s);
      async::spawn(scene.server.far->get_executor(), send_all(*scene.server.far, sent), "sender");
      while (got.size() < sent.size()) {
        const auto piece = co_await read_some(*scene.client.far);
        if (piece.empty() || piece == "failed") break;
        got += piece;
        if (got.size() < sent.size() / 8) co_await pause(1ms);
      }
      co_await scene.client.far->shut_write();
      co_await finish(scene);
    });
    CHECK(got == sent);
    CHECK(scene.moved.down == sent.size());
  }
  CHECK(descriptors() <= before + 8);  // four pipes are kept for the next
}

TEST_CASE("A tunnel works when it can get no descriptors") {
  tunnel_scene scene;
  // A thread of its own, for which no pipe of an earlier tunnel is kept.
  std::jthread([&] {
    run_task([&]() -> async::task<void> {
      co_await open(scene, 5s);
      const descriptors_taken none;
      co_await net::write_one(*scene.client.far, "question");
      const auto asked = co_await read_some(*scene.server.far);
      CHECK(asked == "question");
      co_await scene.client.far->shut_write();
      co_await scene.server.far->shut_write();
      co_await finish(scene);
    });
  }).join();
  CHECK(scene.moved.up == 8);
}

TEST_CASE("A tunnel's half-close leaves the other direction open (F02)") {
  tunnel_scene scene;
  run_task([&]() -> async::task<void> {
    co_await open(scene, 5s);
    co_await scene.client.far->shut_write();
    const auto end = co_await read_some(*scene.server.far);
    CHECK(end.empty());
    co_await net::write_one(*scene.server.far, "late answer");
    const auto answered = co_await read_some(*scene.client.far);
    CHECK(answered == "late answer");
    CHECK_FALSE(scene.over);
    co_await scene.server.far->shut_write();
    co_await finish(scene);
  });
}

TEST_CASE("A tunnel in which nothing moves is closed on both sides (F02)") {
  tunnel_scene scene;
  run_task([&]() -> async::task<void> {
    co_await open(scene, 100ms);
    const auto one = co_await read_some(*scene.client.far);
    const auto other = co_await read_some(*scene.server.far);
    CHECK(one.empty());
    CHECK(other.empty());
    co_await finish(scene);
  });
}

TEST_CASE("A tunnel in which one side still sends is not idle") {
  tunnel_scene scene;
  run_task([&]() -> async::task<void> {
    co_await open(scene, 200ms);
    for (int i = 0; i < 8; ++i) {
      co_await pause(50ms);
      co_await net::write_one(*scene.server.far, "x");
    }
    CHECK_FALSE(scene.over);
    co_await scene.client.far->shut_write();
    co_await scene.server.far->shut_write();
    co_await finish(scene);
  });
  CHECK(scene.moved.down == 8);
}
