#include "tls/fast_aes.hpp"

#include "support/temporary_directory.hpp"
#include "support/tls_pair.hpp"

#include <catch2/catch.hpp>
#include <openssl/ssl.h>

#include <iostream>
#include <string>

using namespace regpass;
using namespace regpass::testing;

namespace {

std::string text_of(std::size_t size) {
  std::string made(size, ' ');
  for (std::size_t i = 0; i < size; ++i) made[i] = static_cast<char>(i * 131 + (i >> 7));
  return made;
}

struct contexts {
  tls::context client;
  tls::context server;
};

// Contexts that were made before it was started are OpenSSL's own.
struct testbed {
  contexts make() const {
    return {value_of(tls::make_client_context({.ca_file = dir.put("ca.pem", ca.certificate())})), server_context(leaf)};
  }

  temporary_directory dir;
  test_ca ca = test_ca::make();
  issued leaf = ca.issue({"a.test"});
  contexts plain = make();
  tls::fast_aes started = tls::start_fast_aes();
  contexts fast = make();
};

testbed& bed() {
  static testbed once;
  if (!once.started.on) std::cout << "not tested here: " << once.started.why << '\n';
  return once;
}

}  // namespace

TEST_CASE("AES-GCM by AVX-512 talks to OpenSSL's, in TLS 1.2 and 1.3, with both keys, both ways", "[vaes]") {
  if (!bed().started.on) return;
  REQUIRE(tls::cipher_properties() != nullptr);
  auto& plain = bed().plain;
  auto& fast = bed().fast;
  const int version = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
  const std::string key = GENERATE("128", "256");
  const bool fast_client = GENERATE(true, false);
  auto& client = fast_client ? fast.client : plain.client;
  auto& server = fast_client ? plain.server : fast.server;
  SSL_CTX_set_max_proto_version(client.native(), version);
  const auto for_13 = "TLS_AES_" + key + (key == "128" ? "_GCM_SHA256" : "_GCM_SHA384");
  const auto for_12 = "ECDHE-ECDSA-AES" + key + (key == "128" ? "-GCM-SHA256" : "-GCM-SHA384");
  REQUIRE(SSL_CTX_set_ciphersuites(client.native(), for_13.c_str()) == 1);
  REQUIRE(SSL_CTX_set_cipher_list(client.native(), for_12.c_str()) == 1);

  tls_pair pair(client, server, "a.test");
  pair.settle();
  REQUIRE(pair.connected());
  std::string sent;
  for (const std::size_t size : {1U, 15U, 16U, 17U, 1000U, 16384U, 40001U}) {
    const auto text = text_of(size);
    pair.client.say(text);
    pair.server.say(text);
    pair.settle();
    sent += text;
    REQUIRE(pair.server.received == sent);
    REQUIRE(pair.client.received == sent);
  }
}

TEST_CASE("AES-GCM by AVX-512 refuses a record that was changed on its way", "[vaes]") {
  if (!bed().started.on) return;
  auto& fast = bed().fast;
  SSL_CTX_set_max_proto_version(fast.client.native(), GENERATE(TLS1_2_VERSION, TLS1_3_VERSION));
  tls_pair pair(fast.client, fast.server, "a.test");
  pair.settle();
  REQUIRE(pair.connected());
  pair.client.say("a word that nobody may change");
  std::string record(pair.client.engine.output());
  record[record.size() - 20] ^= 1;
  pair.server.take(record);
  REQUIRE(pair.server.failure.has_value());
  CHECK(pair.server.failure->code == errc::tls_failed);
  CHECK(pair.server.received.empty());
}
