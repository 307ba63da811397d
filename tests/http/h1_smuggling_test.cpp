// What two parsers might read differently must be refused, in requests and responses alike (T16, T17).
#include "h1_transcript.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace regpass;
using namespace regpass::http;
using namespace std::string_literals;

namespace {

template <class Head>
void refused(const std::string& bytes, errc code = errc::bad_message, std::string_view method = "GET") {
  CAPTURE(bytes);
  for (const auto& o : test::run_every_way<Head>(bytes, method)) {
    CAPTURE(o.text);
    REQUIRE(o.is_error);
    CHECK(o.failed.code == code);
    CHECK_FALSE(o.failed.detail.empty());
    CHECK(o.text.find("|end") == std::string::npos);
  }
}

const std::string tail = "\r\n0\r\n\r\n";

}  // namespace

TEST_CASE("ambiguous request heads are refused (T17)") {
  const std::string start = "POST /x HTTP/1.1\r\nHost: a\r\n";
  const std::string headers = GENERATE(values<std::string>({
      // framing
      "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
      "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
      "Content-Length: 5\r\nContent-Length: 5\r\n",
      "Content-Length: 5\r\nContent-Length: 6\r\n",
      "Content-Length: 5, 5\r\n",
      "Content-Length: 5,\r\n",
      "Content-Length: +5\r\n",
      "Content-Length: -5\r\n",
      "Content-Length: 0x5\r\n",
      "Content-Length: 05\r\n",
      "Content-Length: 5 5\r\n",
      "Content-Length: 5.0\r\n",
      "Content-Length:\r\n",
      "Content-Length: 18446744073709551616\r\n",
      "Content-Length : 5\r\n",
      "Content-Length\t: 5\r\n",
      "Transfer-Encoding: identity\r\n",
      "Transfer-Encoding:\r\n",
      "Transfer-Encoding: gzip, chunked\r\n",
      "Transfer-Encoding: chunked, chunked\r\n",
      "Transfer-Encoding: chunked,\r\n",
      "Transfer-Encoding: ,chunked\r\n",
      "Transfer-Encoding: xchunked\r\n",
      "Transfer-Encoding: \"chunked\"\r\n",
      "Transfer-Encoding: chunked;q=1\r\n",
      "Transfer-Encoding: \x0b"s + "chunked\r\n",
      "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
      "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
      "Transfer-Encoding : chunked\r\n",
      "Transfer-Encoding:\r\n chunked\r\n",
      // routing
      "Host: b\r\n",
      "host: a\r\n",
      // syntax
      "X: a\nContent-Length: 5\r\n",
      "X: a\rContent-Length: 5\r\n",
      "X: a\0b\r\n"s,
      "X: a\x01\r\n",
      "X: a\x7f\r\n",
      "X: a\r\n b\r\n",
      "X: a\r\n\tb\r\n",
      " X: a\r\n",
      ": a\r\n",
      "X\r\n",
      "X Y: a\r\n",
      "X\xff: a\r\n",
      "X(: a\r\n",
      "X:a\r\r\n",
  }));
  refused<request_head>(start + headers + tail);
}

TEST_CASE("malformed request lines are refused (T17)") {
  const std::string line = GENERATE(values<std::string>({
      "GET / HTTP/1.1\n",    "GET / HTTP/1.2\r\n",         "GET / HTTP/2.0\r\n",     "GET / HTTP/0.9\r\n",
      "GET / http/1.1\r\n",  "GET / HTTP/1.1 \r\n",        "GET / HTTP/1.1\r\r\n",   "GET / HTTP/01.1\r\n",
      "GET /\r\n",           "GET  / HTTP/1.1\r\n",        "GET /  HTTP/1.1\r\n",    "GET /a b HTTP/1.1\r\n",
      "GET\t/ HTTP/1.1\r\n", "GET /\xc3\xa4 HTTP/1.1\r\n", "GET /\x01 HTTP/1.1\r\n", "GET /\0 HTTP/1.1\r\n"s,
      " GET / HTTP/1.1\r\n", "G(T / HTTP/1.1\r\n",         "/ HTTP/1.1\r\n",         "\r\nGET / HTTP/1.1\r\n",
      "\x16\x03\x01\x02",
  }));
  refused<request_head>(line + "Host: a\r\n\r\n");
}

TEST_CASE("a request of HTTP/1.1 without Host, chunked in HTTP/1.0 and a CONNECT with a body are refused (T17, T19)") {
  refused<request_head>("GET / HTTP/1.1\r\nX: y\r\n\r\n");
  refused<request_head>("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
  refused<request_head>("GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n");
  refused<request_head>("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\nContent-Length: 3\r\n\r\nabc");
  refused<request_head>("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
}

TEST_CASE("ambiguous chunk framing is refused (T17)") {
  const std::string head = "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  const std::string body = GENERATE(values<std::string>({
      "5\nhello\n0\n\n",
      "5\r\nhello0\r\n\r\n",
      "5\r\nhelloXX0\r\n\r\n",
      "5\r\nhello\n0\r\n\r\n",
      "5\r\nhello\r0\r\n\r\n",
      "0x5\r\nhello\r\n0\r\n\r\n",
      // …and at once, not when the end comes
      "0x5\r\nhello",
      "0 x\r\nhello",
      "5\r\nhello\r\n00,5\r\nA: b\r\n",
      "+5\r\nhello\r\n0\r\n\r\n",
      "-5\r\nhello\r\n0\r\n\r\n",
      " 5\r\nhello\r\n0\r\n\r\n",
      "5 \r\nhello\r\n0\r\n\r\n",
      "5\t\r\nhello\r\n0\r\n\r\n",
      "5,5\r\nhello\r\n0\r\n\r\n",
      "\r\nhello\r\n0\r\n\r\n",
      ";x\r\nhello\r\n0\r\n\r\n",
      "g\r\nhello\r\n0\r\n\r\n",
      "5\r\r\nhello\r\n0\r\n\r\n",
      "10000000000000005\r\nhello\r\n0\r\n\r\n",
      "fffffffffffffffff\r\nhello\r\n0\r\n\r\n",
      "5;\r\nhello\r\n0\r\n\r\n",
      "5;=x\r\nhello\r\n0\r\n\r\n",
      "5;a=\"\r\nhello\r\n0\r\n\r\n",
      "0;a=\"\r\n\r\n",
      "0;a=\"\r\n\"\r\n\r\n",
      "5;a=\"\r\nhel\"\r\n\r\n0\r\n\r\n",
      "5;a=\"\\\"\r\nhello\r\n0\r\n\r\n",
      "5;a=\"x\ny\"\r\nhello\r\n0\r\n\r\n",
      "5;a=\"\0\"\r\nhello\r\n0\r\n\r\n"s,
      "5;a\nGET / HTTP/1.1\r\nhello\r\n0\r\n\r\n",
      // trailers
      "0\r\nA: b\r\n c\r\n\r\n",
      "0\r\n A: b\r\n\r\n",
      "0\r\nA : b\r\n\r\n",
      "0\r\nA: b\nC: d\r\n\r\n",
      "0\r\nContent-Length: 5\r\n\r\n",
      "0\r\nTransfer-Encoding: chunked\r\n\r\n",
      "0\r\nHost: b\r\n\r\n",
      "0\r\nauthorization: Bearer x\r\n\r\n",
      "0\r\nA\r\n\r\n",
  }));
  refused<request_head>(head + body);
}

TEST_CASE("ambiguous and lying responses are refused (T16)") {
  struct row {
    std::string bytes, method = "GET";
  };
  const auto r = GENERATE(values<row>({
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", "HEAD"},
      {"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "HEAD"},
      {"HTTP/1.1 304 OK\r\nContent-Length: -1\r\n\r\n"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n"},
      {"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"},
      {"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n"},
      {"HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n"},
      {"HTTP/1.1 100 Continue\r\nContent-Length: 5\r\n\r\n"},
      {"HTTP/1.1 99 Low\r\n\r\n"},
      {"HTTP/1.1 099 Low\r\n\r\n"},
      {"HTTP/1.1 20 OK\r\n\r\n"},
      {"HTTP/1.1 2000 OK\r\n\r\n"},
      {"HTTP/1.1 -20 OK\r\n\r\n"},
      {"HTTP/1.1  200 OK\r\n\r\n"},
      {"HTTP/1.2 200 OK\r\n\r\n"},
      {"HTTP/2 200 OK\r\n\r\n"},
      {"ICY 200 OK\r\n\r\n"},
      {"HTTP/1.1 200 O\nK\r\n\r\n"},
      {"HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n"},
      {"HTTP/1.1 200 OK\n\n"},
      {"SSH-2.0-OpenSSH_9.2\r\n"},
      {"\x15\x03\x01\x02"},
  }));
  refused<response_head>(r.bytes, errc::bad_message, r.method);
}
