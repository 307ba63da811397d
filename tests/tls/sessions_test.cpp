// Resumption: the second connection to an origin saves the certificates, and nobody else's connection does.
#include "support/temporary_directory.hpp"
#include "support/tls_pair.hpp"

#include <catch2/catch.hpp>
#include <openssl/ssl.h>

#include <chrono>

using namespace regpass;
using namespace regpass::testing;
using namespace std::chrono_literals;

namespace {

struct resumption_bed {
  explicit resumption_bed(int version = TLS1_3_VERSION) { SSL_CTX_set_max_proto_version(server.native(), version); }

  // A connection from beginning to end; whether it was resumed.
  bool connect(const std::string& origin, const std::string& name = "a.test") { return connect(client, origin, name); }
  bool connect(const tls::context& from, const std::string& origin, const std::string& name = "a.test") {
    tls_side near(from, {.role = tls::role::client, .name = name, .session_key = origin});
    tls_side far(server, {.role = tls::role::server});
    near.step();
    while (carry(near, far) || carry(far, near)) {
    }
    REQUIRE(near.done);
    REQUIRE(far.done);
    CHECK(near.engine.resumed() == far.engine.resumed());
    return near.engine.resumed();
  }

  temporary_directory dir;
  test_ca ca = test_ca::make();
  tls::trust trust{.ca_file = dir.put("ca.pem", ca.certificate())};
  tls::context client = value_of(tls::make_client_context(trust));
  tls::context server = server_context(ca.issue({"a.test", "b.test"}));
};

}  // namespace

TEST_CASE("the second connection to an origin resumes the first one's session", "[tls]") {
  resumption_bed bed(GENERATE(TLS1_2_VERSION, TLS1_3_VERSION));
  CHECK_FALSE(bed.connect("a.test:443"));
  CHECK(bed.connect("a.test:443"));
  CHECK(bed.connect("a.test:443"));
}

TEST_CASE("a session is not offered to another origin, port or trust set, nor without an origin", "[tls]") {
  resumption_bed bed(GENERATE(TLS1_2_VERSION, TLS1_3_VERSION));
  CHECK_FALSE(bed.connect("a.test:443"));
  CHECK_FALSE(bed.connect("b.test:443", "b.test"));
  CHECK_FALSE(bed.connect("a.test:5443"));
  CHECK_FALSE(bed.connect(""));
  CHECK_FALSE(bed.connect(""));
  const auto other = value_of(tls::make_client_context(bed.trust));
  CHECK_FALSE(bed.connect(other, "a.test:443"));
}

TEST_CASE("a ticket of TLS 1.3 is used once", "[tls]") {
  resumption_bed bed;
  CHECK_FALSE(bed.connect("a.test:443"));
  // Both begin before either has got a new ticket.
  tls_side first(bed.client, {.role = tls::role::client, .name = "a.test", .session_key = "a.test:443"});
  tls_side second(bed.client, {.role = tls::role::client, .name = "a.test", .session_key = "a.test:443"});
  tls_side far_first(bed.server, {.role = tls::role::server});
  tls_side far_second(bed.server, {.role = tls::role::server});
  first.step();
  second.step();
  while (carry(first, far_first) || carry(far_first, first)) {
  }
  while (carry(second, far_second) || carry(far_second, second)) {
  }
  CHECK(first.engine.resumed());
  REQUIRE(second.done);
  CHECK_FALSE(second.engine.resumed());
}

TEST_CASE("a session is not resumed past the end of the certificate that was verified for it", "[tls]") {
  resumption_bed bed(GENERATE(TLS1_2_VERSION, TLS1_3_VERSION));
  bed.server = server_context(bed.ca.issue({"a.test"}, {.valid_to = 2s}));
  CHECK_FALSE(bed.connect("a.test:443"));
  CHECK(bed.connect("a.test:443"));
  const auto until = std::chrono::steady_clock::now() + 10s;
  std::optional<error> why;
  while (!why && std::chrono::steady_clock::now() < until) {
    tls_pair pair(bed.client, bed.server, "a.test");
    pair.settle();
    why = pair.client.failure;
  }
  REQUIRE(why);
  CHECK(why->code == errc::expired);
  tls_side near(bed.client, {.role = tls::role::client, .name = "a.test", .session_key = "a.test:443"});
  tls_side far(bed.server, {.role = tls::role::server});
  near.step();
  while (carry(near, far) || carry(far, near)) {
  }
  REQUIRE(near.failure);
  CHECK(near.failure->code == errc::expired);
}
