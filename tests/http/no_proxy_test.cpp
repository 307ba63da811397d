#include "http/no_proxy.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace regpass::http {
namespace {

bool covers(const std::string& list, const std::string& host, std::uint16_t port = 443) {
  return no_proxy(list).covers(host, port);
}

TEST_CASE("NO_PROXY: a host name covers itself and what is below it") {
  CHECK(covers("example.com", "example.com"));
  CHECK(covers("example.com", "harbor.example.com"));
  CHECK(covers("EXAMPLE.com.", "harbor.example.com"));
  CHECK_FALSE(covers("example.com", "badexample.com"));
  CHECK_FALSE(covers("harbor.example.com", "example.com"));
}

TEST_CASE("NO_PROXY: with a dot in front only what is below, with or without a star") {
  for (const std::string list : {".example.com", "*.example.com"}) {
    CHECK(covers(list, "harbor.example.com"));
    CHECK_FALSE(covers(list, "example.com"));
  }
}

TEST_CASE("NO_PROXY: a port restricts an element to that port") {
  CHECK(covers("example.com:5000", "example.com", 5000));
  CHECK_FALSE(covers("example.com:5000", "example.com", 443));
  CHECK(covers("10.0.0.7:5000", "10.0.0.7", 5000));
  CHECK_FALSE(covers("10.0.0.7:5000", "10.0.0.7", 443));
  CHECK(covers("[2001:db8::7]:5000", "2001:db8::7", 5000));
  CHECK_FALSE(covers("[2001:db8::7]:5000", "2001:db8::7", 443));
}

TEST_CASE("NO_PROXY: addresses, in whatever spelling") {
  CHECK(covers("10.0.0.7", "10.0.0.7"));
  CHECK_FALSE(covers("10.0.0.7", "10.0.0.70"));
  CHECK(covers("2001:db8:0::7", "2001:db8::7"));
  CHECK(covers("[2001:db8::7]", "2001:db8::7"));
  CHECK_FALSE(covers("0.7", "10.0.0.7"));
}

TEST_CASE("NO_PROXY: a CIDR covers address literals, and no name") {
  CHECK(covers("10.0.0.0/8", "10.231.0.10"));
  CHECK_FALSE(covers("10.0.0.0/8", "11.0.0.1"));
  CHECK(covers("192.168.16.0/20", "192.168.31.255"));
  CHECK_FALSE(covers("192.168.16.0/20", "192.168.32.0"));
  CHECK(covers("2001:db8::/33", "2001:db8:7fff::1"));
  CHECK_FALSE(covers("2001:db8::/33", "2001:db8:8000::1"));
  CHECK(covers("0.0.0.0/0", "203.0.113.9"));
  CHECK_FALSE(covers("0.0.0.0/0", "2001:db8::1"));
  CHECK_FALSE(covers("10.0.0.0/8", "registry.test"));
}

TEST_CASE("NO_PROXY: a star covers everything") {
  CHECK(covers("*", "registry.test"));
  CHECK(covers("example.com, *", "10.0.0.7"));
}

TEST_CASE("Loopback is never proxied, whatever the list says") {
  for (const std::string host : {"localhost", "127.0.0.1", "127.8.9.10", "::1"}) CHECK(covers("", host));
  CHECK_FALSE(covers("", "localhost.example.com"));
  CHECK_FALSE(covers("", "registry.test"));
}

TEST_CASE("NO_PROXY: blanks and empty elements are nothing, and what cannot be read fits nothing") {
  CHECK(covers(" a.test ,, b.test,", "b.test"));
  CHECK(covers(" a.test ,, b.test,", "a.test"));
  CHECK_FALSE(covers(",,", "a.test"));
  CHECK_FALSE(covers("10.0.0.0/33", "10.0.0.1"));
  CHECK_FALSE(covers("10.0.0.0/", "10.0.0.1"));
  CHECK_FALSE(covers("a.test:x", "a.test"));
  CHECK_FALSE(covers(":443", "a.test"));
  CHECK_FALSE(covers("]:443", "a.test"));
  CHECK_FALSE(covers("[:443", "a.test"));
}

}  // namespace
}  // namespace regpass::http
