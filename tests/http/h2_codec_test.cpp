#include "regpass/http/h2_codec.hpp"

#include "h2_frames.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <chrono>
#include <string>
#include <tuple>

namespace regpass::http::h2_test {
namespace {

constexpr steady_time noon{std::chrono::hours(12)};
constexpr framing chunked{framing::kind::chunked, 0};

// Two codecs back to back.
struct pair {
  h2_codec client{h2_role::client};
  h2_codec server{h2_role::server};
  transcript at_client;
  transcript at_server;

  // One turn of each: what is sent is read, and what came of it noted.
  void turn() {
    std::string there;
    std::ignore = client.output(there, 1 << 20U);
    at_client.add(client);
    REQUIRE(server.feed(there, noon));
    at_server.add(server);
    std::string back;
    std::ignore = server.output(back, 1 << 20U);
    at_server.add(server);
    REQUIRE(client.feed(back, noon));
    at_client.add(client);
  }
};

request_head asking(std::string method, std::string target = "/v2/") {
  request_head made;
  made.method = std::move(method);
  made.target = std::move(target);
  made.headers.add("Host", "registry.test:5000");
  return made;
}

response_head saying(int status) {
  response_head made;
  made.status = status;
  return made;
}

TEST_CASE("A request and its answer go through, each side told of each step once") {
  pair both;
  auto head = asking("POST", "/v2/a/blobs/uploads/?x=1");
  head.headers.add("Accept", "*/*");
  head.headers.add("Connection", "close");
  head.headers.add("Transfer-Encoding", "chunked");
  const auto id = both.client.request(head, chunked);
  REQUIRE(id == 1);
  both.client.lend(1, "layer");
  both.turn();
  fields trailers;
  trailers.add("Checksum", "abc");
  both.client.finish(1, trailers);
  auto answer = saying(201);
  answer.headers.add("Location", "/v2/a");
  answer.headers.add("Connection", "close");
  both.server.inform(1, saying(100));
  both.server.respond(1, answer, {framing::kind::counted, 2});
  both.server.lend(1, "ok");
  both.server.finish(1, {});
  both.turn();
  CHECK(both.at_server.text ==
        "1 POST /v2/a/blobs/uploads/?x=1 [Host: registry.test:5000] [accept: */*] (chunked)|1 data layer|"
        "1 end [checksum: abc]|1 taken|1 finished|1 closed 0");
  CHECK(both.at_client.text ==
        "1 taken|1 finished|1 100 (none)|1 201 [location: /v2/a] [content-length: 2] (counted 2)|1 data ok|1 end|1 "
        "closed 0");
}

TEST_CASE("Answers without a body end with their head, and that to HEAD keeps its length") {
  pair both;
  REQUIRE(both.client.request(asking("HEAD"), {}));
  REQUIRE(both.client.request(asking("GET"), {}));
  REQUIRE(both.client.request(asking("GET"), {}));
  both.turn();
  auto blob = saying(200);
  blob.headers.add("Content-Length", "700");
  both.server.respond(1, blob, {});
  both.server.respond(3, saying(204), {});
  both.server.respond(5, saying(200), {framing::kind::counted, 0});
  both.turn();
  CHECK(both.at_client.text ==
        "1 finished|3 finished|5 finished|1 200 [content-length: 700] (none)|1 end|1 closed 0|3 204 (none)|3 end|3 "
        "closed 0|5 200 [content-length: 0] (counted 0)|5 end|5 closed 0");
}

TEST_CASE("Nothing more is sent than was consumed, and consuming lets more come") {
  pair both;
  REQUIRE(both.client.request(asking("PUT"), chunked));
  const std::string body(1'000'000, 'x');
  both.client.lend(1, body);
  for (int i = 0; i < 10; ++i) both.turn();
  const auto size = [&] { return both.at_server.text.size() - both.at_server.text.find('x'); };
  CHECK(size() == h2_limits().stream_window);
  both.server.consumed(1, size());
  for (int i = 0; i < 10; ++i) both.turn();
  CHECK(size() == 2 * h2_limits().stream_window);
  CHECK(both.at_client.text.empty());  // not taken yet
}

TEST_CASE("All streams together send no more than the connection may hold", "[limits.http2_connection_window]") {
  pair both;
  const std::string body(1'000'000, 'x');
  for (std::int32_t id = 1; id < 13; id += 2) {
    REQUIRE(both.client.request(asking("PUT"), chunked));
    both.client.lend(id, body);
  }
  const auto held = [&] { return static_cast<std::size_t>(std::ranges::count(both.at_server.text, 'x')); };
  for (int i = 0; i < 20; ++i) both.turn();
  CHECK(held() == h2_limits().connection_window);
  // More than half of it, which is when the peer is told.
  for (const std::int32_t id : {1, 3, 5, 7}) both.server.consumed(id, 150'000);
  for (int i = 0; i < 20; ++i) both.turn();
  CHECK(held() == h2_limits().connection_window + 600'000);
}

TEST_CASE("No more is written at once than asked for, and a piece is taken when all of it was written") {
  h2_codec client(h2_role::client);
  h2_codec server(h2_role::server);
  REQUIRE(client.request(asking("PUT"), chunked));
  std::string out;
  std::ignore = client.output(out, 1000);
  REQUIRE(server.feed(out, noon));
  const std::string body(60'000, 'x');
  client.lend(1, body);
  out.clear();
  std::ignore = client.output(out, 20'000);
  CHECK(out.size() < 40'000);
  CHECK(client.take_events().empty());
  std::ignore = client.output(out, 100'000);
  CHECK(out.size() > 60'000);
  CHECK(client.take_events().size() == 1);
}

TEST_CASE("What was lent is not touched after a reset, and the peer gets the code") {
  pair both;
  REQUIRE(both.client.request(asking("PUT"), chunked));
  both.turn();
  {
    std::string body(500'000, 'x');
    both.client.lend(1, body);
    std::string out;
    std::ignore = both.client.output(out, 1000);
    both.client.reset(1, h2_code::cancel);
    REQUIRE(both.server.feed(out, noon));
    both.at_server.add(both.server);  // what it tells of is in `out`
  }
  both.turn();
  both.turn();
  CHECK(both.at_client.text.ends_with("1 closed 8"));
  CHECK_THAT(both.at_server.text, Catch::Contains("1 closed "));
  CHECK_THAT(both.at_server.text, !Catch::Contains("1 end"));
}

TEST_CASE("A connection that goes away lets the running streams end and takes no new ones") {
  pair both;
  REQUIRE(both.client.request(asking("GET"), {}));
  both.turn();
  both.server.go_away();
  both.turn();
  const auto late = both.client.request(asking("GET"), {});
  REQUIRE_FALSE(late);
  CHECK(late.error().code == errc::closed);
  both.server.respond(1, saying(200), {framing::kind::counted, 0});
  both.turn();
  CHECK(both.at_client.text == "1 finished|going away 0|1 200 [content-length: 0] (counted 0)|1 end|1 closed 0");
  both.turn();
  CHECK(both.client.over());
}

TEST_CASE("A request that crosses a GOAWAY is told to be unprocessed") {
  pair both;
  both.turn();
  both.server.go_away();
  REQUIRE(both.client.request(asking("GET"), {}));
  std::string back;
  std::ignore = both.server.output(back, 1 << 20U);
  std::string there;
  std::ignore = both.client.output(there, 1 << 20U);
  REQUIRE(both.client.feed(back, noon));
  both.at_client.add(both.client);
  CHECK_THAT(both.at_client.text, Catch::Contains("1 closed 7"));
}

TEST_CASE("A PING is answered") {
  const auto got = serve({opening(), raw(frame::ping, 0, 0, "12345678")});
  CHECK(got.answer == "SETTINGS SETTINGS PING WINDOW");
}

// The same bytes whole, one by one, and cut at each place.
TEST_CASE("A6: a client that answers each DATA frame of a long download by two WINDOW_UPDATEs floods nothing") {
  using namespace h2_test;
  h2_codec server(h2_role::server);
  REQUIRE(server.feed(opening() + headers(1, get()), noon));
  server.respond(1, saying(200), chunked);
  const std::string body(64 * 1024, 'x');
  std::size_t frames = 0;
  for (int i = 0; i < 400; ++i) {
    server.lend(1, body);
    for (bool taken = false; !taken;) {
      std::string out;
      std::ignore = server.output(out, 1 << 20U);
      std::string answer;
      for (std::string_view rest = out; rest.size() >= 9;) {
        const auto byte = [&](std::size_t at) {
          return static_cast<std::size_t>(static_cast<unsigned char>(rest[at]));
        };
        const auto size = byte(0) << 16U | byte(1) << 8U | byte(2);
        if (byte(3) == 0) {
          ++frames;
          for (const std::uint32_t stream : {0U, 1U}) answer += raw(frame::window, 0, stream, number(size, 4));
        }
        rest.remove_prefix(9 + size);
      }
      REQUIRE(server.feed(answer, noon));
      for (const auto& event : server.take_events()) taken |= std::holds_alternative<h2_taken>(event);
    }
  }
  CHECK(frames > 1000);
}

TEST_CASE("How the bytes are cut makes no difference") {
  const std::string bytes =
      opening() + headers(1, with(get(), {{"accept", "a"}, {"cookie", "a=1"}, {"cookie", "b=2"}})) +
      headers(3, with(get("/v2/x"), {{"content-length", "4"}}), false) + raw(frame::data, 0, 3, "bo") +
      raw(frame::data, 0, 3, "dy") + headers(3, {{"checksum", "1"}}) + raw(frame::rst_stream, 0, 1, number(8, 4));
  const auto whole = serve({bytes});
  CHECK(
      whole.events ==
      "1 GET /v2/ [Host: registry.test] [accept: a] [Cookie: a=1; b=2] (none)|1 end|3 GET /v2/x [Host: registry.test] "
      "[content-length: 4] (counted 4)|3 data body|3 end [checksum: 1]|1 closed 8");
  const std::string_view all(bytes);
  std::vector<std::string_view> single;
  for (std::size_t i = 0; i < all.size(); ++i) single.push_back(all.substr(i, 1));
  CHECK(serve(single).events == whole.events);
  for (std::size_t i = 1; i < all.size(); ++i) {
    INFO(i);
    const auto cut = serve({all.substr(0, i), all.substr(i)});
    CHECK(cut.events == whole.events);
    CHECK(cut.answer == whole.answer);
  }
}

}  // namespace
}  // namespace regpass::http::h2_test
