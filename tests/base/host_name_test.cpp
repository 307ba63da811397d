#include "regpass/base/host_name.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace regpass;
using namespace std::string_literals;

TEST_CASE("host names have one canonical form (T31)") {
  struct row {
    std::string text, canonical;
  };
  const auto r = GENERATE(values<row>({{"Harbor.Example.COM", "harbor.example.com"},
                                       {"harbor.example.com.", "harbor.example.com"},
                                       {"localhost", "localhost"},
                                       {"a_b-c.d1", "a_b-c.d1"},
                                       {"3com.example", "3com.example"},
                                       {"10.0.0.7", "10.0.0.7"},
                                       {"10.0.0.7.nip.io", "10.0.0.7.nip.io"},
                                       {"2001:DB8:0:0::1", "2001:db8::1"},
                                       {"::FFFF:1.2.3.4", "::ffff:1.2.3.4"}}));
  CHECK(canonical_host(r.text) == r.canonical);
  CHECK(canonical_host(r.canonical) == r.canonical);
}

TEST_CASE("what is no host name is refused, look-alikes of addresses too (T03, T31)") {
  const std::string text = GENERATE(values<std::string>({"",
                                                         ".",
                                                         "..",
                                                         "a..b",
                                                         ".a",
                                                         "-a",
                                                         "a-",
                                                         "a.-b",
                                                         "a b",
                                                         "a\n",
                                                         "a\0"s,
                                                         "10.0.0.7\0"s,
                                                         "a/b",
                                                         "a:b",
                                                         "a@b",
                                                         "a%2eb",
                                                         "*.a",
                                                         "b\xc3\xbc"
                                                         "cher.de",
                                                         "b\xff",
                                                         "10.1",
                                                         "1",
                                                         "0x7f000001",
                                                         "010.0.0.7",
                                                         "10.0.0.256",
                                                         "10.0.0.7.",
                                                         "a.0x1",
                                                         "[::1]",
                                                         "fe80::1%eth0",
                                                         "::g"}));
  CAPTURE(text);
  CHECK_FALSE(canonical_host(text));
}

TEST_CASE("a host with port is told from its parts") {
  CHECK(parse_host_port("a.test:5000", 443)->port == 5000);
  CHECK(parse_host_port("a.test", 443)->port == 443);
  CHECK(parse_host_port("[::1]", 443)->host == "::1");
  for (const auto* text :
       {"::1", "[::1", "::1]", "[a.test]", "[10.0.0.7]", "a:", "a:0", "a:65536", "a:1 ", "[]:1", "a::1"}) {
    CHECK_FALSE(parse_host_port(text, 443));
  }
}
