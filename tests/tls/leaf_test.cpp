#include "tls/authority/leaf.hpp"

#include "support/resident_memory.hpp"
#include "support/temporary_directory.hpp"
#include "support/tls_pair.hpp"

#include <catch2/catch.hpp>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <thread>

using namespace regpass;
using namespace regpass::testing;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

struct testbed {
  explicit testbed(std::vector<std::string> names = {"a.test", "10.0.0.7", "fd00::7"})
      : ca(value_of(tls::authority::open({.dir = dir.path(), .names = std::move(names)}, at))) {}

  temporary_directory dir;
  wall_time at = now().wall;
  tls::authority ca;
};

X509* presented_by(const tls::context& ctx) {
  return SSL_CTX_get0_certificate(ctx.native());
}

std::string der_of(const tls::context& ctx) {
  std::string der(static_cast<std::size_t>(i2d_X509(presented_by(ctx), nullptr)), '\0');
  auto* to = reinterpret_cast<unsigned char*>(der.data());
  i2d_X509(presented_by(ctx), &to);
  return der;
}

bool valid_at(const X509* certificate, wall_time at) {
  const std::time_t when = std::chrono::system_clock::to_time_t(at);
  std::time_t copy = when;
  return X509_cmp_time(X509_get0_notBefore(certificate), &copy) < 0 &&
         X509_cmp_time(X509_get0_notAfter(certificate), &copy) > 0;
}

}  // namespace

TEST_CASE("T23: a leaf is for one name and at most 48 hours, and clients of its CA accept it", "[tls]") {
  testbed bed;
  struct row {
    const char* name;
    int type;
  };
  const auto [name, type] = GENERATE(row{"a.test", GEN_DNS}, row{"sub.a.test", GEN_DNS}, row{"10.0.0.7", GEN_IPADD},
                                     row{"fd00::7", GEN_IPADD});
  const auto key = key_from(test_ca::make().key());
  const auto leaf = value_of(tls::mint(bed.ca, key.get(), name, bed.at));
  X509* certificate = leaf.certificate.get();

  const std::unique_ptr<GENERAL_NAMES, decltype(&GENERAL_NAMES_free)> names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)),
      GENERAL_NAMES_free);
  REQUIRE(sk_GENERAL_NAME_num(names.get()) == 1);
  CHECK(sk_GENERAL_NAME_value(names.get(), 0)->type == type);
  const bool matches = type == GEN_DNS ? X509_check_host(certificate, name, 0, 0, nullptr) == 1
                                       : X509_check_ip_asc(certificate, name, 0) == 1;
  CHECK(matches);

  int days = 0;
  int seconds = 0;
  REQUIRE(ASN1_TIME_diff(&days, &seconds, X509_get0_notBefore(certificate), X509_get0_notAfter(certificate)) == 1);
  CHECK(days * 86400 + seconds == 48 * 3600);
  CHECK(valid_at(certificate, bed.at - 59min));
  CHECK_FALSE(valid_at(certificate, bed.at - 61min));
  CHECK(leaf.not_after == bed.at + 47h);

  CHECK(X509_check_ca(certificate) == 0);
  CHECK(X509_check_purpose(certificate, X509_PURPOSE_SSL_SERVER, 0) == 1);
  CHECK(X509_check_purpose(certificate, X509_PURPOSE_SSL_CLIENT, 0) == 0);
  CHECK(X509_verify(certificate, bed.ca.key()) == 1);
}

TEST_CASE("serial numbers do not repeat", "[tls]") {
  testbed bed;
  const auto key = key_from(test_ca::make().key());
  const auto one = value_of(tls::mint(bed.ca, key.get(), "a.test", bed.at));
  const auto two = value_of(tls::mint(bed.ca, key.get(), "a.test", bed.at));
  CHECK(ASN1_INTEGER_cmp(X509_get0_serialNumber(one.certificate.get()),
                         X509_get0_serialNumber(two.certificate.get())) != 0);
}

TEST_CASE("T23: names that the CA does not cover get no leaf", "[tls]") {
  testbed bed;
  tls::leaf_cache cache(bed.ca);
  const auto outside = cache.get("b.test", bed.at);
  REQUIRE_FALSE(outside);
  CHECK(outside.error().code == errc::denied);
  CHECK_THAT(outside.error().detail, Contains("b.test") && Contains("a.test, 10.0.0.7, fd00::7"));
  CHECK(cache.get("10.0.0.8", bed.at).error().code == errc::denied);
  for (const std::string_view name :
       std::vector<std::string_view>{"", "*.a.test", "a.test/x", "x..a.test", {"a.test\0", 7}}) {
    CHECK(cache.get(name, bed.at).error().code == errc::bad_input);
  }
  CHECK(cache.size() == 0);
}

TEST_CASE("a client that trusts the CA connects to a minted name", "[tls]") {
  testbed bed;
  tls::leaf_cache cache(bed.ca);
  const std::string name = GENERATE("a.test", "sub.a.test", "10.0.0.7", "fd00::7");
  tls_pair pair(value_of(tls::make_client_context({.ca_file = bed.dir / "ca.crt"})), value_of(cache.get(name, bed.at)),
                name, name);
  pair.settle();
  CHECK(pair.connected());
}

TEST_CASE("an intermediate CA is sent with the leaf", "[tls]") {
  temporary_directory dir;
  const test_ca root = test_ca::make("Platform root");
  const test_ca middle = root.intermediate("Platform intermediate");
  dir.put("ca.crt", middle.certificate());
  dir.put("ca.key", middle.key());
  const auto at = now().wall;
  tls::leaf_cache cache(value_of(tls::authority::open({.dir = dir.path(), .names = {}}, at)));
  const auto client = value_of(tls::make_client_context({.ca_file = dir.put("root.pem", root.certificate())}));
  tls_pair pair(client, value_of(cache.get("a.test", at)), "a.test");
  pair.settle();
  CHECK(pair.connected());
}

TEST_CASE("a leaf is kept, whatever way its name is written, and all leaves share one key", "[tls]") {
  testbed bed;
  tls::leaf_cache cache(bed.ca);
  const auto first = value_of(cache.get("a.test", bed.at));
  CHECK(value_of(cache.get("A.Test.", bed.at + 1h)).native() == first.native());
  CHECK(cache.size() == 1);
  const auto second = value_of(cache.get("sub.a.test", bed.at));
  CHECK(cache.size() == 2);
  CHECK(EVP_PKEY_eq(SSL_CTX_get0_privatekey(first.native()), SSL_CTX_get0_privatekey(second.native())) == 1);
  CHECK(EVP_PKEY_eq(SSL_CTX_get0_privatekey(first.native()), bed.ca.key()) == 0);
}

TEST_CASE("a leaf is minted anew before it ends and when the clock jumps (F05)", "[tls]") {
  testbed bed;
  tls::leaf_cache cache(bed.ca);
  const std::string first = der_of(value_of(cache.get("a.test", bed.at)));
  struct row {
    std::chrono::seconds later;
    bool same;
  };
  const auto [later, same] = GENERATE(row{46h - 1s, true}, row{46h, false}, row{48h, false}, row{-59min, true},
                                      row{-61min, false}, row{24h * 3650, false}, row{-24h * 3650, false});
  CAPTURE(later.count());
  const auto again = value_of(cache.get("a.test", bed.at + later));
  CHECK((der_of(again) == first) == same);
  CHECK(valid_at(presented_by(again), bed.at + later));
  CHECK(cache.size() == 1);
}

TEST_CASE("the least recently used leaf is dropped first (F12)", "[tls]") {
  testbed bed;
  tls::leaf_cache cache(bed.ca, 2);
  const auto der = [&](const char* name) { return der_of(value_of(cache.get(name, bed.at))); };
  const std::string a = der("a.test");
  const std::string b = der("b.a.test");
  CHECK(der("a.test") == a);
  der("c.a.test");
  CHECK(cache.size() == 2);
  CHECK(der("a.test") == a);
  CHECK(der("b.a.test") != b);
}

TEST_CASE("a context outlives its place in the cache", "[tls]") {
  testbed bed;
  tls::leaf_cache cache(bed.ca, 1);
  const auto kept = value_of(cache.get("a.test", bed.at));
  value_of(cache.get("b.a.test", bed.at));
  tls_pair pair(value_of(tls::make_client_context({.ca_file = bed.dir / "ca.crt"})), kept, "a.test");
  pair.settle();
  CHECK(pair.connected());
}

TEST_CASE("T25: ten thousand names leave 256 leaves and flat memory", "[tls][limits.leaf_certificates]") {
  constexpr int names =
      testing::sanitized ? 2'000 : 10'000;  // memory says nothing there, and a name costs several times as much
  testbed bed({"test"});
  tls::leaf_cache cache(bed.ca);
  const auto ask = [&](int number) { return cache.get("n" + std::to_string(number) + ".test", bed.at).has_value(); };
  int served = 0;
  for (int i = 0; i < 1000; ++i) served += ask(i) ? 1 : 0;
  const std::size_t before = testing::resident_memory();
  for (int i = 1000; i < names; ++i) served += ask(i) ? 1 : 0;
  const std::size_t after = testing::resident_memory();
  CHECK(served == names);
  CHECK(cache.size() == 256);
  if (!testing::sanitized) CHECK(after < before + (8U << 20U));
}

TEST_CASE("threads may ask at the same time", "[tls]") {
  testbed bed({"test"});
  tls::leaf_cache cache(bed.ca, 8);
  std::vector<std::thread> threads;
  std::atomic<int> served = 0;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) {
        if (cache.get("n" + std::to_string((i * (t + 1)) % 12) + ".test", bed.at)) ++served;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(served == 200);
  CHECK(cache.size() == 8);
}

TEST_CASE("A9: a leaf minted while the wall clock is years off is valid by the clock that ran before, too", "[tls]") {
  testbed bed;
  tls::leaf_cache cache(bed.ca);
  const auto start = now();
  const auto years = GENERATE(10 * 8760h, -10 * 8760h, 3 * 8760h);
  REQUIRE(cache.get("a.test", start));
  const instant off{start.steady + 10min, start.wall + 10min + years};
  const auto jumped = value_of(cache.get("a.test", off));
  CHECK(valid_at(presented_by(jumped), off.wall));
  CHECK(valid_at(presented_by(jumped), start.wall + 10min));
  CHECK(value_of(cache.get("a.test", off)).native() == jumped.native());
  // Set right again: what was minted meanwhile fits, and later leaves are short ones again.
  const instant back{start.steady + 20min, start.wall + 20min};
  CHECK(valid_at(presented_by(value_of(cache.get("a.test", back))), back.wall));
  const instant settled{start.steady + 47h, start.wall + 47h};
  const auto later = value_of(cache.get("b.a.test", settled));
  CHECK(valid_at(presented_by(later), settled.wall));
  CHECK_FALSE(valid_at(presented_by(later), settled.wall + 48h));
}

TEST_CASE("A9: a clock that keeps its new time is trusted after a day", "[tls]") {
  testbed bed;
  tls::leaf_cache cache(bed.ca);
  const auto start = now();
  const instant set{start.steady + 1min, start.wall + 30 * 24h};
  CHECK(valid_at(presented_by(value_of(cache.get("a.test", set))), start.wall));
  const instant later{start.steady + 25h, start.wall + 30 * 24h + 25h};
  CHECK_FALSE(valid_at(presented_by(value_of(cache.get("b.a.test", later))), start.wall));
}

TEST_CASE("A9: after a start with an implausible clock, CA and leaves are valid at every plausible time", "[tls]") {
  const auto at = GENERATE(now().wall + 10 * 8760h, wall_time(10 * 8760h));
  const temporary_directory dir;
  const auto ca = value_of(tls::authority::open({.dir = dir.path(), .names = {"a.test"}}, at));
  tls::leaf_cache cache(ca);
  const auto presented = value_of(cache.get("a.test", at));
  for (const auto when : {at, now().wall}) {
    CHECK(valid_at(ca.certificate(), when));
    CHECK(valid_at(presented_by(presented), when));
  }
}
