#include "regpass/registry/host.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace regpass;
using namespace regpass::registry;

TEST_CASE("registry hosts have one canonical form (T31)") {
  struct row {
    std::string text, canonical, api;
  };
  const auto r = GENERATE(values<row>({
      {"Harbor.Example.COM", "harbor.example.com", "harbor.example.com"},
      {"harbor.example.com.", "harbor.example.com", "harbor.example.com"},
      {"harbor.example.com:443", "harbor.example.com", "harbor.example.com"},
      {"registry.test:5443", "registry.test:5443", "registry.test"},
      {"localhost:5000", "localhost:5000", "localhost"},
      {"[::1]:5000", "[::1]:5000", "::1"},
      {"10.0.0.7", "10.0.0.7", "10.0.0.7"},
      {"docker.io", "docker.io", "registry-1.docker.io"},
      {"index.docker.io", "docker.io", "registry-1.docker.io"},
      {"Registry-1.Docker.io:443", "docker.io", "registry-1.docker.io"},
      {"registry.hub.docker.com", "docker.io", "registry-1.docker.io"},
  }));
  const auto h = parse_host(r.text);
  REQUIRE(h);
  CHECK(to_text(*h) == r.canonical);
  CHECK(api_name(*h) == r.api);
  CHECK(*parse_host(r.canonical) == *h);
}

TEST_CASE("look-alikes are other hosts (T31)") {
  const auto hub = *parse_host("docker.io");
  for (const auto* text :
       {"docker.io:5000", "registry-1.docker.io:444", "hub.docker.com", "auth.docker.io", "docker.com",
        "evil-docker.io", "docker.io.evil.test", "registry.docker.io", "xn--dcker-jua.io"}) {
    CAPTURE(text);
    const auto other = parse_host(text);
    REQUIRE(other);
    CHECK(*other != hub);
    CHECK_FALSE(is_docker_hub(*other));
  }
  CHECK(*parse_host("registry.test") != *parse_host("registry.test:5443"));
}

TEST_CASE("what is no host is refused (T10, T31)") {
  const std::string text = GENERATE("", "https://a.test", "a.test/v2", "a.test:", "a.test:x", "a.test:0",
                                    "a.test:70000", "u@a.test", "*.a.test", "a b",
                                    "b\xc3\xbc"
                                    "cher.example",
                                    "::1", "a.test\n");
  CAPTURE(text);
  const auto h = parse_host(text);
  REQUIRE(!h);
  CHECK(h.error().code == errc::bad_input);
}

TEST_CASE("an IDN that is not encoded is refused with what to do") {
  const auto h = parse_host(
      "b\xc3\xbc"
      "cher.example");
  REQUIRE(!h);
  CHECK(h.error().detail.find("xn--") != std::string::npos);
  CHECK(parse_host("xn--bcher-kva.example"));
}

TEST_CASE("a host is made from its parts by the same rule") {
  CHECK(make_host("registry-1.docker.io", 443) == *parse_host("docker.io"));
  CHECK(make_host("registry-1.docker.io", 80).name == "registry-1.docker.io");
  CHECK(make_host("a.test", 5000) == *parse_host("a.test:5000"));
}

TEST_CASE("the registrable domain follows the Public Suffix List") {
  CHECK(registrable_domain("harbor.example.co.uk") == "example.co.uk");
  CHECK(registrable_domain("a.b.example.com") == "example.com");
  CHECK(registrable_domain("registry.test") == "registry.test");
  CHECK(registrable_domain("localhost") == "localhost");
  CHECK(registrable_domain("co.uk") == "co.uk");
  CHECK(registrable_domain("10.0.0.7") == "10.0.0.7");
  CHECK(registrable_domain("2001:db8::1") == "2001:db8::1");
  CHECK(registrable_domain("").empty());
}
