// What a peer must not do, in frames made by hand (T18, T21).
#include "h2_frames.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <tuple>

namespace regpass::http::h2_test {
namespace {

struct violation {
  std::string name;
  list fields;
};

list replaced(list fields, std::string_view name, std::string value) {
  for (auto& [key, old] : fields) {
    if (key == name) old = value;
  }
  return fields;
}

list without(list fields, std::string_view name) {
  std::erase_if(fields, [&](const auto& one) { return one.first == name; });
  return fields;
}

TEST_CASE("T18 a head that could be read in two ways is a stream error, and the connection goes on") {
  using namespace std::string_literals;
  const auto one = GENERATE(values<violation>({
      {"CRLF in a value", with(get(), {{"x", "a\r\nb: c"}})},
      {"LF in a value", with(get(), {{"x", "a\nb"}})},
      {"NUL in a value", with(get(), {{"x", "a\0b"s}})},
      {"space in a name", with(get(), {{"x y", "a"}})},
      {"CRLF in a name", with(get(), {{"x\r\ny", "a"}})},
      {"colon in a name", with(get(), {{"x:y", "a"}})},
      {"empty name", with(get(), {{"", "a"}})},
      {"upper case", with(get(), {{"Accept", "a"}})},
      {"connection", with(get(), {{"connection", "close"}})},
      {"keep-alive", with(get(), {{"keep-alive", "1"}})},
      {"proxy-connection", with(get(), {{"proxy-connection", "close"}})},
      {"transfer-encoding", with(get(), {{"transfer-encoding", "chunked"}})},
      {"upgrade", with(get(), {{"upgrade", "h2c"}})},
      {"te", with(get(), {{"te", "gzip"}})},
      {"space in the path", get("/v2/ HTTP/1.1")},
      {"CRLF in the path", get("/v2/ HTTP/1.1\r\nHost: evil")},
      {"path that is none", get("v2")},
      {"empty path", get("")},
      {"no path", without(get(), ":path")},
      {"no method", without(get(), ":method")},
      {"no scheme", without(get(), ":scheme")},
      {"no host", without(get(), ":authority")},
      {"empty authority", replaced(get(), ":authority", "")},
      {"space in the authority", replaced(get(), ":authority", "a b")},
      {"CRLF in the authority", replaced(get(), ":authority", "a\r\nX: y")},
      {"user in the authority", with(replaced(get(), ":authority", "u@registry.test"), {{"host", "registry.test"}})},
      {"another host", with(get(), {{"host", "evil.test"}})},
      {"another port", with(get(), {{"host", "registry.test:444"}})},
      {"two hosts", with(get(), {{"host", "registry.test"}, {"host", "registry.test"}})},
      {"space in the method", replaced(get(), ":method", "GET /")},
      {"CRLF in the method", replaced(get(), ":method", "GET\r\n")},
      {"CONNECT", list{{":method", "CONNECT"}, {":authority", "registry.test:443"}}},
      {"two paths", with(get(), {{":path", "/v2/"}})},
      {"pseudo-header after a field", list{{":method", "GET"}, {":scheme", "https"}, {"x", "y"}, {":path", "/"}}},
      {"unknown pseudo-header", list{{":method", "GET"}, {":scheme", "https"}, {":path", "/"}, {":x", "y"}}},
      {"pseudo-header of responses", with(list{{":status", "200"}}, {{":method", "GET"}})},
      {"two lengths", with(get(), {{"content-length", "0"}, {"content-length", "0"}})},
      {"a length that is none", with(get(), {{"content-length", "0x1"}})},
      {"a length and no body", with(get(), {{"content-length", "5"}})},
  }));
  INFO(one.name);
  const auto got = serve({opening(), headers(1, one.fields), headers(3, get("/v2/next"))});
  CHECK(got.failure.empty());
  CHECK(got.events == "3 GET /v2/next [Host: registry.test] (none)|3 end");
  CHECK_THAT(got.answer, Catch::Contains("RST_STREAM(1,1)"));
}

TEST_CASE("T18 a host that agrees with :authority, or stands alone, is fine") {
  CHECK(serve({opening(), headers(1, with(get(), {{"host", "REGISTRY.test"}}))}).events ==
        "1 GET /v2/ [Host: registry.test] (none)|1 end");
  CHECK(serve({opening(), headers(1, with(without(get(), ":authority"), {{"host", "registry.test:5000"}}))}).events ==
        "1 GET /v2/ [Host: registry.test:5000] (none)|1 end");
}

TEST_CASE("T18 a body that is not as long as its Content-Length is a stream error, never a clean end") {
  const auto head = headers(1, with(get(), {{"content-length", "5"}}), false);
  const bool longer = GENERATE(false, true);
  const auto got = serve({opening(), head, raw(frame::data, end_stream, 1, longer ? "123456" : "1234")});
  CHECK_THAT(got.answer, Catch::Contains("RST_STREAM(1,1)"));
  CHECK_THAT(got.events, !Catch::Contains("1 end"));
  CHECK_THAT(got.events, Catch::Contains("1 closed 1"));
}

TEST_CASE("T18 trailers say nothing that a head must say") {
  const auto got =
      serve({opening(), headers(1, get(), false), headers(1, {{"authorization", "x"}, {"checksum", "1"}})});
  CHECK(got.events == "1 GET /v2/ [Host: registry.test] (chunked)|1 end [checksum: 1]");
  CHECK_THAT(serve({opening(), headers(1, get(), false), headers(1, {{":path", "/"}})}).answer,
             Catch::Contains("RST_STREAM(1,1)"));
}

std::string many(int count, const std::string& one) {
  std::string made;
  for (int i = 0; i < count; ++i) made += one;
  return made;
}

TEST_CASE("T21 floods end the connection with ENHANCE_YOUR_CALM",
          "[limits.http2_control_frames][limits.http2_resets]") {
  std::string flood;
  SECTION("SETTINGS") {
    flood = many(1100, raw(frame::settings, 0, 0));
  }
  SECTION("PING") {
    flood = many(1100, raw(frame::ping, 0, 0, "12345678"));
  }
  SECTION("PRIORITY") {
    flood = many(1100, raw(frame::priority, 0, 1, number(0, 5)));
  }
  SECTION("empty DATA") {
    flood = headers(1, get(), false) + many(1100, raw(frame::data, 0, 1));
  }
  SECTION("A6: WINDOW_UPDATE of the connection") {
    flood = many(1100, raw(frame::window, 0, 0, number(1, 4)));
  }
  SECTION("A6: WINDOW_UPDATE of a stream") {
    flood = headers(1, get(), false) + many(1100, raw(frame::window, 0, 1, number(1, 4)));
  }
  SECTION("A6: WINDOW_UPDATE of a stream that is closed") {
    flood = headers(1, get()) + raw(frame::rst_stream, 0, 1, number(8, 4)) +
            many(1100, raw(frame::window, 0, 1, number(1, 4)));
  }
  SECTION("A6: frames of unknown types") {
    const auto type = GENERATE(0x0a, 0x0c, 0x10, 0xfa);  // ALTSVC, ORIGIN, PRIORITY_UPDATE, none
    flood = many(1100, raw(static_cast<frame>(type), 0, 0, "12345678"));
  }
  SECTION("A6: DATA of padding only") {
    flood = headers(1, get(), false) + many(1100, raw(frame::data, 0x8, 1, std::string("\1\0", 2)));
  }
  SECTION("A6: GOAWAY") {
    flood = many(1100, raw(frame::goaway, 0, 0, number(0, 8)));
  }
  SECTION("rapid reset, CVE-2023-44487") {
    for (std::uint32_t id = 1; id < 500; id += 2)
      flood += headers(id, get()) + raw(frame::rst_stream, 0, id, number(8, 4));
  }
  SECTION("CONTINUATION, CVE-2024-28182") {
    flood = raw(frame::headers, end_stream, 1, block(get())) +
            many(20, raw(frame::continuation, 0, 1, block({{"x", "y"}})));
  }
  SECTION("a head without end") {
    const auto part = block({{"x", std::string(8000, 'y')}, {"x", std::string(8000, 'y')}});
    flood = raw(frame::headers, end_stream, 1, block(get())) + many(8, raw(frame::continuation, 0, 1, part));
    h2_limits tight;
    tight.head.head_bytes = 16 * 1024;
    const auto got = serve({opening(), flood}, tight);
    CHECK(got.failure == "too large");
    CHECK(got.answer.ends_with("GOAWAY(11)"));
    return;
  }
  const auto got = serve({opening(), flood});
  CHECK(got.failure == "too large");
  CHECK(got.answer.ends_with("GOAWAY(11)"));
}

TEST_CASE("T21 streams that break rules count as resets, CVE-2025-8671", "[limits.http2_resets]") {
  h2_codec codec(h2_role::server);
  REQUIRE(codec.feed(opening(), steady_time(std::chrono::seconds(1))));
  result<void> fed;
  std::uint32_t id = 1;
  for (; fed && id < 1000; id += 2) {
    const auto overflow = raw(frame::window, 0, id, number(0x7FFFFFFF, 4));
    fed = codec.feed(headers(id, get()) + overflow, steady_time(std::chrono::seconds(1)));
    std::string out;
    std::ignore = codec.output(out, 1 << 20U);
  }
  REQUIRE_FALSE(fed);
  CHECK(fed.error().code == errc::too_large);
  CHECK(id > 2 * h2_limits().resets);
}

TEST_CASE("T21 resets at a bearable rate end nothing") {
  h2_codec codec(h2_role::server);
  auto at = steady_time(std::chrono::seconds(1));
  REQUIRE(codec.feed(opening(), at));
  for (std::uint32_t id = 1; id < 2000; id += 2) {
    at += std::chrono::milliseconds(60);
    REQUIRE(codec.feed(headers(id, get()) + raw(frame::rst_stream, 0, id, number(8, 4)), at));
    std::string out;
    std::ignore = codec.output(out, 1 << 20U);
  }
}

// nginx does so to every upload that it answers early: what a registry can break off is what was asked of it.
TEST_CASE("T21 a registry that breaks off what is asked of it ends nothing, resets of nothing are a flood") {
  h2_codec codec(h2_role::client);
  constexpr auto at = steady_time(std::chrono::seconds(1));
  request_head upload{.method = "PATCH", .target = "/v2/", .minor = 1, .headers = {}};
  upload.headers.add("Host", "registry.test");
  REQUIRE(codec.feed(raw(frame::settings, 0, 0), at));
  std::uint32_t id = 0;
  for (std::size_t sent = 0; sent < 3 * h2_limits().resets; ++sent) {
    const auto stream = codec.request(upload, framing{.how = framing::kind::chunked});
    REQUIRE(stream);
    id = static_cast<std::uint32_t>(*stream);
    std::string out;
    std::ignore = codec.output(out, 1 << 20U);
    REQUIRE(codec.feed(raw(frame::rst_stream, 0, id, number(0, 4)), at));
  }
  const auto fed = codec.feed(many(1100, raw(frame::rst_stream, 0, id, number(0, 4))), at);
  REQUIRE_FALSE(fed);
  CHECK(fed.error().code == errc::too_large);
}

TEST_CASE("A6: a registry's frames that carry nothing end the connection, too", "[limits.http2_control_frames]") {
  h2_codec codec(h2_role::client);
  constexpr auto at = steady_time(std::chrono::seconds(1));
  request_head asked{.method = "GET", .target = "/v2/", .minor = 1, .headers = {}};
  asked.headers.add("Host", "registry.test");
  REQUIRE(codec.feed(raw(frame::settings, 0, 0), at));
  const auto stream = codec.request(asked, framing{});
  REQUIRE(stream);
  std::string out;
  std::ignore = codec.output(out, 1 << 20U);
  const auto id = static_cast<std::uint32_t>(*stream);
  std::string flood;
  SECTION("WINDOW_UPDATE") {
    flood = many(1100, raw(frame::window, 0, id, number(1, 4)));
  }
  SECTION("unknown") {
    flood = many(1100, raw(static_cast<frame>(0xbb), 0, id));
  }
  SECTION("HEADERS of a stream that is gone") {
    REQUIRE(codec.feed(raw(frame::rst_stream, 0, id, number(0, 4)), at));
    flood = many(1100, headers(id, {{":status", "200"}}));
  }
  SECTION("DATA of a stream that is gone") {
    REQUIRE(codec.feed(raw(frame::rst_stream, 0, id, number(0, 4)), at));
    flood = many(17'000, raw(frame::data, 0, id, "x"));
  }
  const auto fed = codec.feed(flood, at);
  REQUIRE_FALSE(fed);
  CHECK(fed.error().code == errc::too_large);
}

TEST_CASE("T21 a head that is too long costs its stream, and the connection goes on", "[limits.head_bytes]") {
  std::string bytes = raw(frame::headers, end_stream, 1, block(get()));
  for (int i = 0; i < 5; ++i)
    bytes += raw(frame::continuation, i == 4 ? end_headers : 0, 1, block({{"x", std::string(14'000, 'y')}}));
  const auto got = serve({opening(), bytes, headers(3, get("/v2/next"))});
  CHECK(got.failure.empty());
  CHECK(got.events == "3 GET /v2/next [Host: registry.test] (none)|3 end");
  CHECK_THAT(got.answer, Catch::Contains("RST_STREAM(1,11)"));
}

TEST_CASE("T21 no more streams than allowed are open at once", "[limits.http2_streams]") {
  std::string bytes = opening();
  for (std::uint32_t id = 1; id <= 201; id += 2) bytes += headers(id, get(), false);
  const auto got = serve({bytes});
  CHECK_THAT(got.events, Catch::Contains("199 GET"));
  CHECK_THAT(got.events, !Catch::Contains("201 GET"));
  CHECK_THAT(got.answer, Catch::Contains("RST_STREAM(201,7)"));
}

TEST_CASE("What is no HTTP/2 is an error") {
  CHECK(serve({"GET / HTTP/1.1\r\nHost: a\r\n\r\n"}).failure == "bad message");
  CHECK(serve({opening(), raw(frame::data, 0, 0, "x")}).failure == "bad message");
  CHECK(serve({opening(), raw(frame::headers, end_headers, 1, "\xff\xff\xff\xff\xff\xff\xff")}).failure ==
        "bad message");
}

}  // namespace
}  // namespace regpass::http::h2_test
