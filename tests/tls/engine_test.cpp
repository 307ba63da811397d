#include "tls/engine.hpp"

#include "support/temporary_directory.hpp"
#include "support/tls_pair.hpp"

#include <catch2/catch.hpp>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <random>
#include <vector>

using namespace regpass;
using namespace regpass::testing;

namespace {

struct testbed {
  temporary_directory dir;
  test_ca ca = test_ca::make();
  tls::context client = value_of(tls::make_client_context({.ca_file = dir.put("ca.pem", ca.certificate())}));
  tls::context server = server_context(ca.issue({"a.test", "10.0.0.7", "fd00::7"}));
};

std::string noise(std::size_t size) {
  std::mt19937 random(7);
  std::string text(size, '\0');
  for (char& c : text) c = static_cast<char>(random());
  return text;
}

// The payload sizes of the TLS records in `bytes`.
std::vector<std::size_t> record_sizes(std::string_view bytes) {
  std::vector<std::size_t> sizes;
  while (bytes.size() >= 5) {
    const auto high = static_cast<unsigned char>(bytes[3]);
    const auto low = static_cast<unsigned char>(bytes[4]);
    sizes.push_back(static_cast<std::size_t>(high) * 256 + low);
    bytes.remove_prefix(std::min(bytes.size(), 5 + sizes.back()));
  }
  return sizes;
}

constexpr std::size_t tls13_overhead = 17;  // content type and tag

}  // namespace

TEST_CASE("two engines complete a handshake and exchange data, for any segmentation and version", "[tls]") {
  testbed bed;
  const int version = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
  const std::size_t piece = GENERATE(std::size_t{1}, std::size_t{7}, std::string_view::npos);
  SSL_CTX_set_max_proto_version(bed.server.native(), version);
  tls_pair pair(bed.client, bed.server, "a.test", "a.test");
  pair.settle(piece);
  REQUIRE(pair.connected());
  CHECK(pair.client.engine.version() == (version == TLS1_2_VERSION ? "TLSv1.2" : "TLSv1.3"));
  CHECK(pair.server.engine.asked_name() == "a.test");
  CHECK_FALSE(pair.client.engine.resumed());

  pair.client.say("GET /v2/ HTTP/1.1\r\n\r\n");
  pair.server.say("HTTP/1.1 200 OK\r\n\r\n");
  pair.settle(piece);
  CHECK(pair.server.received == "GET /v2/ HTTP/1.1\r\n\r\n");
  CHECK(pair.client.received == "HTTP/1.1 200 OK\r\n\r\n");
}

TEST_CASE("an address is verified as an address and requested without SNI", "[tls]") {
  testbed bed;
  const std::string address = GENERATE("10.0.0.7", "fd00::7", "FD00:0::7");
  tls_pair pair(bed.client, bed.server, address, address);
  pair.settle();
  CHECK(pair.connected());
  CHECK(pair.server.engine.asked_name().empty());
}

TEST_CASE("a mebibyte arrives unchanged both ways", "[tls]") {
  testbed bed;
  const std::size_t piece = GENERATE(std::size_t{1448}, std::size_t{16406}, std::size_t{65536});
  tls_pair pair(bed.client, bed.server, "a.test");
  pair.settle();
  const std::string sent = noise(1U << 20U);
  pair.server.say(sent);
  pair.client.say(sent);
  pair.settle(piece);
  CHECK(pair.client.received == sent);
  CHECK(pair.server.received == sent);
}

TEST_CASE("small parts share a record, large ones go as they are", "[tls]") {
  testbed bed;
  tls_pair pair(bed.client, bed.server, "a.test");
  pair.settle();
  auto& engine = pair.client.engine;

  SECTION("many small parts are one record") {
    const std::vector<std::string_view> parts(500, "0123456789");
    REQUIRE(engine.write(parts));
    CHECK(record_sizes(engine.output()) == std::vector<std::size_t>{5000 + tls13_overhead});
  }
  SECTION("small parts that fill more than a record never split one") {
    const std::string part(10000, 'x');
    const std::vector<std::string_view> parts{part, part, part};
    REQUIRE(engine.write(parts));
    CHECK(record_sizes(engine.output()) == std::vector<std::size_t>(3, 10000 + tls13_overhead));
  }
  SECTION("a large part is full records, between what stood before and after it") {
    const std::string body = noise(65536);
    const std::vector<std::string_view> parts{"head", "", body, "tail"};
    REQUIRE(engine.write(parts));
    const std::size_t full = 16384 + tls13_overhead;
    CHECK(record_sizes(engine.output()) ==
          std::vector<std::size_t>{4 + tls13_overhead, full, full, full, full, 4 + tls13_overhead});
    pair.settle();
    CHECK(pair.server.received == "head" + body + "tail");
  }
  SECTION("nothing is no record") {
    const std::vector<std::string_view> parts{"", ""};
    REQUIRE(engine.write(parts));
    REQUIRE(engine.write({}));
    CHECK(engine.output().empty());
  }
}

TEST_CASE("read fills its buffer and keeps the rest", "[tls]") {
  testbed bed;
  tls_pair pair(bed.client, bed.server, "a.test");
  pair.settle();
  const std::string sent = noise(40000);
  pair.server.say(sent);
  const std::string bytes(pair.server.engine.output());
  auto& engine = pair.client.engine;
  engine.feed(bytes);
  std::string got;
  for (const std::size_t size : {std::size_t{1}, std::size_t{20000}, std::size_t{30000}, std::size_t{100}}) {
    std::vector<char> into(size);
    const std::size_t expected = std::min(size, sent.size() - got.size());
    CHECK(engine.read(into) == expected);
    got.append(into.data(), expected);
  }
  CHECK(got == sent);
  CHECK(engine.input_left() == 0);
  CHECK(engine.read({}) == 0);
}

TEST_CASE("output is kept until it is sent, in order", "[tls]") {
  testbed bed;
  tls_pair pair(bed.client, bed.server, "a.test");
  pair.settle();
  auto& engine = pair.client.engine;
  const std::string text = noise(100000);
  std::string carried;
  for (std::size_t at = 0; at < text.size(); at += 10000) {
    pair.client.say(std::string_view(text).substr(at, 10000));
    engine.release();
    const std::string front(engine.output().substr(0, 7000));
    carried += front;
    engine.sent(front.size());
  }
  carried += engine.output();
  engine.sent(engine.output().size() + 5);
  CHECK(engine.output().empty());
  engine.release();
  pair.server.take(carried);
  CHECK(pair.server.received == text);
  pair.client.say("still there");
  pair.settle();
  CHECK(pair.server.received == text + "still there");
}

TEST_CASE("close_notify ends one direction only", "[tls]") {
  testbed bed;
  const int version = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
  SSL_CTX_set_max_proto_version(bed.server.native(), version);
  tls_pair pair(bed.client, bed.server, "a.test");
  pair.settle();
  pair.client.say("last words");
  pair.client.engine.close_notify();
  pair.client.engine.close_notify();
  CHECK(record_sizes(pair.client.engine.output()).size() == 2);
  pair.settle();
  CHECK(pair.server.received == "last words");
  REQUIRE(pair.server.failure);
  CHECK(pair.server.failure->code == errc::closed);

  pair.server.failure.reset();
  pair.server.say("answer");
  pair.settle();
  CHECK(pair.client.received == "answer");
  CHECK_FALSE(pair.client.failure);
}

TEST_CASE("an engine keeps working after a move", "[tls]") {
  testbed bed;
  tls_pair pair(bed.client, bed.server, "a.test");
  pair.client.step();
  tls::engine moved = std::move(pair.client.engine);
  pair.client.engine = std::move(moved);
  pair.settle();
  CHECK(pair.connected());
}

TEST_CASE("foreign entries in the thread's error queue are ignored", "[tls]") {
  testbed bed;
  tls_pair pair(bed.client, bed.server, "a.test");
  const auto litter = [] { ERR_raise(ERR_LIB_SSL, SSL_R_TLSV1_ALERT_UNKNOWN_CA); };
  litter();
  pair.client.step();
  for (int i = 0; i < 4; ++i) {
    litter();
    carry(pair.client, pair.server);
    litter();
    carry(pair.server, pair.client);
  }
  litter();
  pair.client.say("x");
  pair.settle();
  CHECK(pair.connected());
  CHECK(pair.server.received == "x");
  ERR_clear_error();
}

TEST_CASE("HTTP/2 is chosen where both ends allow it, else HTTP/1.1", "[tls]") {
  testbed bed;
  const bool offered = GENERATE(true, false);
  const bool taken = GENERATE(true, false);
  const std::string chosen = offered && taken ? "h2" : "http/1.1";
  tls_pair pair(bed.client, bed.server, "a.test");
  pair.client.engine = tls::engine(bed.client, {.role = tls::role::client, .name = "a.test", .http2 = offered});
  pair.server.engine = tls::engine(bed.server, {.role = tls::role::server, .http2 = taken});
  pair.settle();
  CHECK(pair.connected());
  CHECK(pair.server.engine.alpn() == chosen);
  CHECK(pair.client.engine.alpn() == chosen);
}

TEST_CASE("a session that ended without a shutdown can be resumed", "[tls]") {
  testbed bed;
  static SSL_SESSION* session = nullptr;
  SSL_CTX_set_session_cache_mode(bed.client.native(), SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(bed.client.native(), [](SSL*, SSL_SESSION* fresh) {
    SSL_SESSION_free(session);
    session = fresh;
    return 1;
  });
  {
    tls_pair pair(bed.client, bed.server, "a.test");
    pair.settle();
    REQUIRE(pair.connected());
  }
  REQUIRE(session != nullptr);
  CHECK(SSL_SESSION_is_resumable(session) == 1);
  SSL_SESSION_free(session);
  session = nullptr;
}
