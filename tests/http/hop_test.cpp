#include "regpass/http/hop.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace regpass;
using namespace regpass::http;

TEST_CASE("fields of one connection are stripped, with what Connection nominates (T08)") {
  fields f;
  for (const auto* name : {"Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authenticate", "Proxy-Authorization",
                           "Proxy-Authentication-Info", "TE", "Trailer", "Transfer-Encoding", "Upgrade", "Expect"}) {
    f.add(name, "x-mine, X-Other");
  }
  f.add("X-Mine", "1");
  f.add("x-other", "2");
  f.add("Content-Length", "5");
  f.add("Authorization", "Bearer t");
  REQUIRE(strip_hop_by_hop(f));
  CHECK(f.size() == 2);
  CHECK(f.get("Content-Length") == "5");
  CHECK(f.get("Authorization") == "Bearer t");
}

TEST_CASE("Connection may not nominate what matters (T08)") {
  const std::string name =
      GENERATE("Host", "content-length", "CONTENT-TYPE", "Authorization", "Cache-Control", "Range", "www-authenticate");
  fields f;
  f.add("Connection", "close");
  f.add("connection", "keep-alive ,\t" + name);
  f.add(name, "kept");
  const auto done = strip_hop_by_hop(f);
  REQUIRE(!done);
  CHECK(done.error().code == errc::bad_message);
  CHECK(done.error().detail.find(name) != std::string::npos);
  CHECK(f.get(name) == "kept");
}

TEST_CASE("we append ourselves to Via") {
  fields f;
  f.add("Via", "1.0 other");
  add_via(f, "regpass-1");
  CHECK(f.tokens("Via") == std::vector<std::string_view>{"1.0 other", "1.1 regpass-1"});
}

TEST_CASE("we know ourselves in Via, among others, and nobody else for us") {
  fields f;
  CHECK_FALSE(came_via(f, "regpass-1"));
  f.add("Via", "1.0 other, HTTP/1.1 regpass-12, regpass-1");
  f.add("Via", "1.1 proxy (regpass-1)");
  CHECK_FALSE(came_via(f, "regpass-1"));
  f.add("via", "1.1 front,1.1\tregpass-1 (a comment)");
  CHECK(came_via(f, "regpass-1"));
}

TEST_CASE("100-continue is the only expectation") {
  request_head head;
  CHECK(expects_continue(head) == false);
  head.headers.add("Expect", "100-Continue");
  CHECK(expects_continue(head) == true);
  head.minor = 0;
  CHECK(expects_continue(head) == false);
  head.headers.add("Expect", "tea");
  const auto other = expects_continue(head);
  REQUIRE(!other);
  CHECK(other.error().code == errc::unsupported);
}
