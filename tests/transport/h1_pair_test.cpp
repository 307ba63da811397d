// Both roles back to back: what one writes the other reads, however the bytes are cut.
#include "regpass/transport/h1_connection.hpp"
#include "rigs.hpp"
#include "support/bytes.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace regpass::transport {
namespace {

using namespace testing;

constexpr std::size_t piece_bytes = 64 * 1024;

template <class Writer>
async::task<void> write_in_pieces(Writer& to, std::string_view body, http::fields trailers) {
  for (; !body.empty(); body.remove_prefix(std::min(piece_bytes, body.size()))) {
    auto written = co_await to.write(body.substr(0, piece_bytes));
    REQUIRE(written);
  }
  auto finished = co_await to.finish(std::move(trailers));
  REQUIRE(finished);
}

template <class Reader>
async::task<void> sum_up(Reader& from, checksum& into) {
  for (;;) {
    auto piece = co_await from.read();
    REQUIRE(piece);
    if (piece->empty()) co_return;
    into.add(*piece);
  }
}

http::fields digest_trailer(std::string value) {
  http::fields made;
  made.add("Digest", value);
  return made;
}

http::framing framed(bool in_chunks, std::size_t size) {
  return in_chunks ? chunked() : counted(size);
}

// One exchange: `up` goes to the server and is answered by `down`, both at once.
async::task<void> trade(both_rig& rig, std::string up, std::string down, bool in_chunks) {
  const auto on = co_await boost::asio::this_coro::executor;
  checksum got_up;
  checksum got_down;
  const auto serve = [&]() -> async::task<void> {
    auto got = co_await rig.server.next();
    REQUIRE(got);
    async::task_group both(on);
    both.spawn(sum_up(rig.server, got_up), "up");
    const auto how = framed(in_chunks, down.size());
    co_await rig.server.respond(response(200), how);
    co_await write_in_pieces(rig.server, down, digest_trailer("down"));
    co_await both.join();
  };
  async::task_group all(on);
  all.spawn(serve(), "server");
  auto head_out = request("PUT");
  const auto how = framed(in_chunks, up.size());
  co_await rig.client.send(std::move(head_out), how);
  all.spawn(write_in_pieces(rig.client, up, digest_trailer("up")), "up");
  auto head = co_await rig.client.head();
  REQUIRE(head);
  CHECK(head->status == 200);
  co_await sum_up(rig.client, got_down);
  co_await all.join();
  CHECK(got_up == checksum(up));
  CHECK(got_down == checksum(down));
  CHECK(rig.server.trailers().get("Digest").value_or("none") == (in_chunks ? "up" : "none"));
  CHECK(rig.client.trailers().get("Digest").value_or("none") == (in_chunks ? "down" : "none"));
  CHECK(rig.client.reusable());
  CHECK(rig.server.reusable());
}

TEST_CASE("Bodies of several MiB are sent both ways at once, counted and chunked, on one connection") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    both_rig rig(on);
    rig.wires.there->hold_beyond(50'000);
    rig.wires.back->hold_beyond(70'000);
    for (const bool in_chunks : {false, true, false, true}) {
      co_await trade(rig, noise(4 * 1024 * 1024, 1), noise(5 * 1024 * 1024 + 17, 2), in_chunks);
    }
  });
}

TEST_CASE("The segmentation of the input changes nothing") {
  const std::size_t piece = GENERATE(1U, 2U, 5U, 4096U);
  const bool in_chunks = GENERATE(false, true);
  INFO(piece);
  run_task([&]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    both_rig rig(on);
    rig.wires.there->cut({}, piece);
    rig.wires.back->cut({}, piece);
    for (int round = 0; round < 3; ++round) {
      co_await trade(rig, noise(3'000), noise(2'000), in_chunks);
    }
  });
}

TEST_CASE("Buffers smaller than a head or a piece change nothing") {
  const std::size_t size = GENERATE(16U, 100U, 1000U);
  run_task([&]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    limits bounds;
    bounds.body_buffer = size;
    both_rig rig(on, bounds);
    co_await trade(rig, noise(100'000), noise(200'000), true);
    co_await trade(rig, noise(100'000), noise(200'000), false);
  });
}

struct bodiless {
  const char* method;
  int status;
  const char* length;  // of the body that is not there
};

TEST_CASE("Answers without a body keep the connection in step, and HEAD keeps its Content-Length") {
  const auto one = GENERATE(values<bodiless>({{"HEAD", 200, "123456"},
                                              {"HEAD", 404, "0"},
                                              {"GET", 204, nullptr},
                                              {"GET", 304, "123456"},
                                              {"DELETE", 202, nullptr}}));
  INFO(one.method << " " << one.status);
  run_task([&]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    both_rig rig(on);
    for (int round = 0; round < 3; ++round) {
      auto head_out = request(one.method);
      co_await rig.client.send(std::move(head_out), no_body());
      auto got = co_await rig.server.next();
      REQUIRE(got);
      co_await rig.server.drain();
      auto reply = response(one.status);
      if (one.length != nullptr) reply.headers.add("Content-Length", one.length);
      co_await rig.server.respond(std::move(reply), no_body());
      co_await rig.server.finish(http::fields());
      auto head = co_await rig.client.head();
      REQUIRE(head);
      CHECK(head->status == one.status);
      if (one.length != nullptr) CHECK(head->headers.get("Content-Length") == one.length);
      auto body = co_await read_all(rig.client);
      CHECK(body == "");
      CHECK(rig.client.reusable());
      CHECK(rig.server.reusable());
    }
  });
}

TEST_CASE("Interim answers are passed on as they are, before the final one") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    both_rig rig(on);
    auto head_out = request("GET");
    co_await rig.client.send(std::move(head_out), no_body());
    co_await rig.server.next();
    auto hints = response(103);
    hints.headers.add("Link", "</style>");
    co_await rig.server.inform(hints);
    co_await rig.server.drain();
    co_await answer(rig.server, response(200), "ok");
    auto head = co_await rig.client.head();
    REQUIRE(head);
    CHECK(head->status == 103);
    CHECK(head->headers.get("Link") == "</style>");
    head = co_await rig.client.head();
    REQUIRE(head);
    CHECK(head->status == 200);
    CHECK(head->headers.count("Link") == 0);
  });
}

TEST_CASE("A client that expects 100 gets it, and the final answer follows") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    both_rig rig(on);
    const auto serve = [&]() -> async::task<void> {
      co_await rig.server.next();
      auto body = co_await read_all(rig.server);
      CHECK(body == "upload");
      co_await answer(rig.server, response(201), "");
    };
    async::task_group servers(on);
    auto head_out = request("PUT");
    head_out.headers.add("Expect", "100-continue");
    co_await rig.client.send(std::move(head_out), chunked());
    servers.spawn(serve(), "server");
    co_await rig.client.write("up");  // the head goes with the first piece
    auto head = co_await rig.client.head();
    REQUIRE(head);
    CHECK(head->status == 100);
    co_await write_whole(rig.client, "load");
    head = co_await rig.client.head();
    REQUIRE(head);
    CHECK(head->status == 201);
    co_await read_all(rig.client);
    co_await servers.join();
    CHECK(rig.client.reusable());
  });
}

TEST_CASE("An answer without length ends with the connection") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    both_rig rig(on);
    auto head_out = request("GET");
    co_await rig.client.send(std::move(head_out), no_body());
    co_await rig.server.next();
    co_await rig.server.drain();
    co_await rig.server.respond(response(200), until_close());
    co_await write_whole(rig.server, "as long as it lasts");
    CHECK_FALSE(rig.server.reusable());
    co_await rig.wires.far->shut_write();
    auto head = co_await rig.client.head();
    REQUIRE(head);
    auto body = co_await read_all(rig.client);
    CHECK(body == "as long as it lasts");
    CHECK_FALSE(rig.client.reusable());
  });
}

}  // namespace
}  // namespace regpass::transport
