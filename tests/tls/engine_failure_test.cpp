#include "support/temporary_directory.hpp"
#include "support/tls_pair.hpp"
#include "tls/engine.hpp"

#include <catch2/catch.hpp>
#include <openssl/ssl.h>

#include <vector>

using namespace regpass;
using namespace regpass::testing;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

struct testbed {
  temporary_directory dir;
  test_ca ca = test_ca::make("The CA");
  test_ca stranger = test_ca::make("Stranger CA");
  tls::context client = trusting(ca);
  tls::context server = server_context(ca.issue({"a.test"}));

  tls::context trusting(const test_ca& root) const {
    return value_of(tls::make_client_context({.ca_file = dir.put("root.pem", root.certificate())}));
  }
};

void limit_to(const tls::context& ctx, int version) {
  SSL_CTX_set_min_proto_version(ctx.native(), version);
  SSL_CTX_set_max_proto_version(ctx.native(), version);
}

std::string text_of(const std::optional<error>& failure) {
  return failure ? failure->detail : "no failure";
}

errc code_of(const std::optional<error>& failure) {
  return failure ? failure->code : errc::cancelled;
}

}  // namespace

TEST_CASE("T24: a bad certificate of the registry is refused, and the error says why", "[tls]") {
  testbed bed;
  struct row {
    const char* what;
    issued pair;
    const char* asked;
    errc code;
    std::vector<std::string> says;
  };
  const auto& ca = bed.ca;
  const std::vector<row> rows{
      {"expired",
       ca.issue({"a.test"}, {.valid_from = -48h, .valid_to = -24h}),
       "a.test",
       errc::expired,
       {"CN=a.test", "is valid from 20", " to 20"}},
      {"not valid yet",
       ca.issue({"a.test"}, {.valid_from = 24h, .valid_to = 48h}),
       "a.test",
       errc::expired,
       {"CN=a.test"}},
      {"another name", ca.issue({"b.test", "10.0.0.9"}), "a.test", errc::wrong_name, {"b.test, 10.0.0.9"}},
      {"a subdomain's name", ca.issue({"x.a.test"}), "a.test", errc::wrong_name, {"x.a.test"}},
      {"a wildcard above two labels", ca.issue({"*.test"}), "x.a.test", errc::wrong_name, {"*.test"}},
      {"a partial wildcard", ca.issue({"f*.a.test"}), "foo.a.test", errc::wrong_name, {"f*.a.test"}},
      {"a common name only",
       ca.issue({}, {.common_name = "a.test"}),
       "a.test",
       errc::wrong_name,
       {"CN=a.test", "no subject alternative names"}},
      {"a NUL in the name",
       ca.issue({}, {.raw_dns = {std::string("a.test\0.evil.test", 17)}}),
       "a.test",
       errc::wrong_name,
       {"a.test\\x00.evil.test"}},
      {"escape sequences in the name",
       ca.issue({}, {.raw_dns = {"\x1b[31mb.test"}}),
       "a.test",
       errc::wrong_name,
       {"\\x1b[31mb.test"}},
      {"an address as a DNS name", ca.issue({}, {.raw_dns = {"10.0.0.7"}}), "10.0.0.7", errc::wrong_name, {"10.0.0.7"}},
      {"another address", ca.issue({"10.0.0.8"}), "10.0.0.7", errc::wrong_name, {"10.0.0.8"}},
      {"an unknown CA",
       bed.stranger.issue({"a.test"}),
       "a.test",
       errc::untrusted,
       {"CN=a.test", "CN=Stranger CA", "issuer"}},
      {"a CA's own certificate",
       {bed.stranger.certificate(), bed.stranger.key()},
       "a.test",
       errc::untrusted,
       {"self-signed"}},
      {"a certificate for clients",
       ca.issue({"a.test"}, {.for_servers = false}),
       "a.test",
       errc::untrusted,
       {"purpose"}},
      {"an intermediate that is not sent",
       ca.intermediate("Middle").issue({"a.test"}),
       "a.test",
       errc::untrusted,
       {"CN=Middle"}},
  };
  for (const auto& [what, pair, asked, code, says] : rows) {
    DYNAMIC_SECTION(what) {
      tls_pair both(bed.client, server_context(pair), asked);
      both.settle();
      CHECK_FALSE(both.client.done);
      CHECK(code_of(both.client.failure) == code);
      for (const auto& words : says) CHECK_THAT(text_of(both.client.failure), Contains(words));
      CHECK(both.client.failure->who == party::registry);
      CHECK(both.client.failure->when == phase::tls);
      CHECK(both.server.failure);  // our alert reached it
    }
  }
}

TEST_CASE("many names in a certificate are not all repeated", "[tls]") {
  testbed bed;
  std::vector<std::string> names;
  for (int i = 0; i < 300; ++i) names.push_back("n" + std::to_string(i) + ".test");
  tls_pair pair(bed.client, server_context(bed.ca.issue(names)), "a.test");
  pair.settle();
  CHECK_THAT(text_of(pair.client.failure), Contains("n9.test, …") && !Contains("n10.test"));
}

TEST_CASE("valid certificates are accepted", "[tls]") {
  testbed bed;
  const auto rsa = GENERATE(key_kind::rsa2048, key_kind::p256);
  const auto name = GENERATE("a.corp.test", "A.CORP.TEST", "a.corp.test.");
  tls_pair pair(bed.client, server_context(bed.ca.issue({"*.corp.test", "b.test"}, {.key = rsa})), name);
  pair.settle();
  CHECK(pair.connected());
}

TEST_CASE("an intermediate in a ca_file is a trust anchor", "[tls]") {
  testbed bed;
  const test_ca middle = bed.ca.intermediate("Middle");
  tls_pair pair(bed.trusting(middle), server_context(middle.issue({"a.test"})), "a.test");
  pair.settle();
  CHECK(pair.connected());
}

TEST_CASE("T24: only skip_verify accepts any certificate", "[tls]") {
  testbed bed;
  const auto blind = value_of(tls::make_client_context({.skip_verify = true}));
  tls_pair pair(blind, server_context(bed.stranger.issue({"b.test"}, {.valid_from = -48h, .valid_to = -24h})),
                "a.test");
  pair.settle();
  CHECK(pair.connected());
  CHECK(pair.server.engine.asked_name() == "a.test");
}

TEST_CASE("T24: TLS before 1.2 is refused", "[tls]") {
  testbed bed;
  SSL_CTX_set_cipher_list(bed.server.native(), "DEFAULT@SECLEVEL=0");
  limit_to(bed.server, TLS1_1_VERSION);
  tls_pair pair(bed.client, bed.server, "a.test");
  pair.settle();
  CHECK(code_of(pair.client.failure) == errc::tls_failed);
}

TEST_CASE("T24: a client always verifies a name", "[tls]") {
  testbed bed;
  const std::string name =
      GENERATE(as<std::string>{}, "", "a test", "*.test", ".", std::string("a.test\0.b", 9), std::string(300, 'a'));
  tls_pair pair(bed.client, bed.server, name);
  pair.settle();
  CHECK(code_of(pair.client.failure) == errc::bad_input);
  CHECK(pair.client.engine.output().empty());
}

TEST_CASE("T20: a client that asks for another name by SNI fails the handshake", "[tls]") {
  testbed bed;
  const int version = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
  limit_to(bed.server, version);
  struct row {
    const char* asked;
    const char* expected;
    bool connected;
  };
  const auto [asked, expected, connected] =
      GENERATE(row{"a.test", "a.test", true}, row{"a.test", "A.Test.", true}, row{"a.test", "", true},
               row{"a.test", "b.test", false}, row{"a.test", "x.a.test", false}, row{"a.test", "test", false});
  CAPTURE(asked, expected);
  tls_pair pair(bed.client, bed.server, asked, expected);
  pair.settle();
  CHECK(pair.connected() == connected);
  if (connected) return;
  CHECK(code_of(pair.server.failure) == errc::tls_failed);
  CHECK(pair.server.failure->who == party::client);
  CHECK_THAT(text_of(pair.server.failure), Contains("a.test") && Contains(expected));
  CHECK_THAT(text_of(pair.client.failure), Contains("unrecognized name"));
}

TEST_CASE("a client that does not trust our certificate is recognised", "[tls]") {
  testbed bed;
  const int version = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
  limit_to(bed.server, version);
  const auto pair_of = [&bed](const issued& pair) { return tls_pair(bed.client, server_context(pair), "a.test"); };
  SECTION("unknown CA") {
    tls_pair pair(bed.trusting(bed.stranger), bed.server, "a.test");
    pair.settle();
    CHECK(code_of(pair.server.failure) == errc::distrusted);
    CHECK(pair.server.failure->who == party::client);
    CHECK_THAT(text_of(pair.server.failure), Contains("unknown CA"));
    CHECK_FALSE(pair.server.done);
    const std::vector<std::string_view> parts{"x"};
    CHECK(pair.server.engine.write(parts).error().code == errc::distrusted);
  }
  SECTION("expired, or for another name") {
    const bool expired = GENERATE(true, false);
    auto pair = expired ? pair_of(bed.ca.issue({"a.test"}, {.valid_from = -48h, .valid_to = -24h}))
                        : pair_of(bed.ca.issue({"b.test"}));
    pair.settle();
    CHECK(code_of(pair.server.failure) == errc::distrusted);
  }
}

TEST_CASE("a registry that requires a client certificate is recognised", "[tls]") {
  testbed bed;
  SSL_CTX_set_verify(bed.server.native(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  X509_STORE_add_cert(SSL_CTX_get_cert_store(bed.server.native()), certificate_from(bed.ca.certificate()).get());
  const auto root = bed.dir.put("root.pem", bed.ca.certificate());
  const auto with = [&](const test_ca& issuer) {
    const issued own = issuer.issue({"builder"}, {.for_servers = false});
    return value_of(tls::make_client_context({.ca_file = root,
                                              .client_cert_file = bed.dir.put("client.crt", own.certificate),
                                              .client_key_file = bed.dir.put("client.key", own.key)}));
  };
  SECTION("none is there") {
    tls_pair pair(bed.client, bed.server, "a.test");
    pair.settle();
    CHECK(code_of(pair.client.failure) == errc::distrusted);
    CHECK(pair.client.done);  // in TLS 1.3 the alert comes with the first read
    CHECK_THAT(text_of(pair.client.failure), Contains("certificate required"));
  }
  SECTION("none is there, and the alert is lost with a reset or an end of the connection") {
    tls_pair pair(bed.client, bed.server, "a.test");
    pair.client.step();
    carry(pair.client, pair.server);
    carry(pair.server, pair.client);
    REQUIRE(pair.client.done);
    const auto meaning_of = [&](errc code) { return pair.client.engine.meaning_of({.code = code, .detail = ""}).code; };
    CHECK(meaning_of(errc::reset) == errc::distrusted);
    CHECK(meaning_of(errc::cancelled) == errc::cancelled);  // by ourselves
    pair.client.end_of_stream();
    CHECK(code_of(pair.client.failure) == errc::distrusted);
    CHECK_THAT(text_of(pair.client.failure), Contains("none is configured"));
  }
  SECTION("one that lets it be asks for nothing in vain") {
    SSL_CTX_set_verify(bed.server.native(), SSL_VERIFY_PEER, nullptr);
    tls_pair pair(bed.client, bed.server, "a.test");
    pair.settle();
    pair.server.say("answer");
    pair.settle();
    pair.client.end_of_stream();
    CHECK(code_of(pair.client.failure) == errc::truncated);
  }
  SECTION("one of another CA") {
    tls_pair pair(with(bed.stranger), bed.server, "a.test");
    pair.settle();
    CHECK(code_of(pair.client.failure) == errc::distrusted);
  }
  SECTION("the right one") {
    tls_pair pair(with(bed.ca), bed.server, "a.test");
    pair.settle();
    CHECK(pair.connected());
  }
}

TEST_CASE("plain HTTP is recognised on both sides, also byte by byte", "[tls]") {
  testbed bed;
  const std::size_t piece = GENERATE(std::size_t{1}, std::string_view::npos);
  const auto feed = [piece](tls_side& side, std::string_view text) {
    side.step();
    for (std::size_t at = 0; at < text.size() && !side.failure; at += std::min(piece, text.size())) {
      side.take(text.substr(at, piece));
    }
  };
  tls_pair pair(bed.client, bed.server, "a.test");
  SECTION("a registry that answers HTTP") {
    feed(pair.client, "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n");
    CHECK(code_of(pair.client.failure) == errc::plain_http);
    CHECK(pair.client.failure->who == party::registry);
  }
  SECTION("a client that speaks HTTP") {
    feed(pair.server, GENERATE("GET /v2/ HTTP/1.1\r\n\r\n", "CONNECT a.test:443 HTTP/1.1\r\n\r\n"));
    CHECK(code_of(pair.server.failure) == errc::plain_http);
    CHECK(pair.server.failure->who == party::client);
  }
  SECTION("what is neither TLS nor HTTP is not called HTTP") {
    feed(pair.client, "SSH-2.0-OpenSSH_9.2\r\n");
    CHECK(code_of(pair.client.failure) == errc::tls_failed);
    feed(pair.server, std::string(64, '\0'));
    CHECK(code_of(pair.server.failure) == errc::tls_failed);
  }
}

TEST_CASE("a peer that disconnects before or during the handshake is closed", "[tls]") {
  testbed bed;
  tls_pair pair(bed.client, bed.server, "a.test");
  pair.client.step();
  const std::string hello(pair.client.engine.output());
  const std::size_t cut = GENERATE(std::size_t{0}, std::size_t{1}, std::size_t{5}, std::size_t{100}, std::string::npos);
  pair.server.take(std::string_view(hello).substr(0, cut));
  CHECK_FALSE(pair.server.failure);
  pair.server.end_of_stream();
  CHECK(code_of(pair.server.failure) == errc::closed);
  CHECK(pair.server.failure->who == party::client);
}

TEST_CASE("a stream that ends without close_notify is truncated, after the data before it", "[tls]") {
  testbed bed;
  const int version = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
  limit_to(bed.server, version);
  tls_pair pair(bed.client, bed.server, "a.test");
  pair.settle();
  pair.server.say("first");
  pair.server.say("second");
  const std::string bytes(pair.server.engine.output());
  const bool in_a_record = GENERATE(true, false);
  pair.client.take(std::string_view(bytes).substr(0, bytes.size() - (in_a_record ? 1 : 0)));
  pair.client.end_of_stream();
  CHECK(pair.client.received == (in_a_record ? "first" : "firstsecond"));
  CHECK(code_of(pair.client.failure) == errc::truncated);

  pair.client.failure.reset();
  pair.client.say("it can still be written to");
  pair.settle();
  CHECK(pair.server.received == "it can still be written to");
}

TEST_CASE("a record that was tampered with ends the connection for good", "[tls]") {
  testbed bed;
  tls_pair pair(bed.client, bed.server, "a.test");
  pair.settle();
  pair.server.say("good");
  pair.server.say("bad!");
  std::string bytes(pair.server.engine.output());
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  std::array<char, 100> into{};
  auto& engine = pair.client.engine;
  engine.feed(bytes);
  CHECK(engine.read(into) == 4);
  for (int i = 0; i < 2; ++i) {
    const auto got = engine.read(into);
    REQUIRE_FALSE(got);
    CHECK(got.error().code == errc::tls_failed);
    CHECK(got.error().who == party::registry);
  }
  CHECK_FALSE(engine.output().empty());  // the alert
  const std::vector<std::string_view> parts{"x"};
  CHECK(engine.write(parts).error().code == errc::tls_failed);
}

TEST_CASE("random bytes in place of any handshake message fail cleanly", "[tls]") {
  testbed bed;
  const int seed = GENERATE(range(0, 40));
  tls_pair pair(bed.client, bed.server, "a.test");
  pair.client.step();
  std::string hello(pair.client.engine.output());
  auto at = static_cast<std::size_t>(seed * 13) % hello.size();
  if (at == 1 || at == 2) at = 0;  // a record's version is of no account: RFC 8446 section 5.1
  hello[at] = static_cast<char>(hello[at] ^ (1 << (seed % 8)));
  pair.server.take(hello);
  pair.client.engine.sent(hello.size());
  while (carry(pair.server, pair.client) || carry(pair.client, pair.server)) {
  }
  CHECK_FALSE(pair.connected());
}
