#include "http/framing.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace regpass;
using namespace regpass::http;
using kind = framing::kind;

namespace {

request_head request(std::vector<field> headers, int minor = 1, std::string method = "PUT") {
  request_head head;
  head.method = std::move(method);
  head.minor = minor;
  for (const auto& f : headers) head.headers.add(f.name, f.value);
  return head;
}

response_head response(int status, std::vector<field> headers = {}, int minor = 1) {
  response_head head;
  head.status = status;
  head.minor = minor;
  for (const auto& f : headers) head.headers.add(f.name, f.value);
  return head;
}

}  // namespace

TEST_CASE("a request's body is counted, chunked or absent") {
  CHECK(request_framing(request({{"Host", "a"}}))->how == kind::none);
  CHECK_FALSE(request_framing(request({{"Host", "a"}}))->has_body());
  const auto counted = request_framing(request({{"Host", "a"}, {"content-length", "12"}}));
  CHECK(counted->how == kind::counted);
  CHECK(counted->length == 12);
  CHECK(counted->has_body());
  const auto empty = request_framing(request({{"Host", "a"}, {"Content-Length", "0"}}));
  CHECK(empty->how == kind::counted);
  CHECK_FALSE(empty->has_body());
  CHECK(request_framing(request({{"Host", "a"}, {"Transfer-Encoding", "CHUNKED"}}))->how == kind::chunked);
  CHECK(request_framing(request({}, 0))->how == kind::none);
}

TEST_CASE("framing errors name the header (T17)") {
  struct row {
    std::vector<field> headers;
    int minor;
    std::string detail;
  };
  const auto r = GENERATE(values<row>({
      {{}, 1, "no Host header"},
      {{{"Host", "a"}, {"HOST", "a"}}, 1, "several Host headers"},
      {{{"Host", "a"}, {"HOST", "a"}}, 0, "several Host headers"},
      {{{"Host", "a"}, {"Content-Length", "5"}, {"Transfer-Encoding", "chunked"}},
       1,
       "Content-Length together with Transfer-Encoding"},
      {{{"Host", "a"}, {"Content-Length", "5, 5"}}, 1, "Content-Length is not a plain number"},
      {{{"Host", "a"}, {"Content-Length", ""}}, 1, "Content-Length is not a plain number"},
      {{{"Host", "a"}, {"Content-Length", "007"}}, 1, "Content-Length has leading zeros"},
      {{{"Host", "a"}, {"Content-Length", "99999999999999999999"}}, 1, "Content-Length is beyond every bound"},
      {{{"Host", "a"}, {"Content-Length", "5"}, {"Content-Length", "5"}}, 1, "several Content-Length headers"},
      {{{"Host", "a"}, {"Transfer-Encoding", "gzip"}}, 1, "a Transfer-Encoding other than chunked"},
      {{{"Host", "a"}, {"Transfer-Encoding", "chunked"}}, 0, "Transfer-Encoding in HTTP/1.0"},
      {{{"Host", "a"}, {"Transfer-Encoding", "chunked"}, {"Transfer-Encoding", "x"}},
       1,
       "several Transfer-Encoding headers"},
  }));
  const auto how = request_framing(request(r.headers, r.minor));
  REQUIRE(!how);
  CHECK(how.error().code == errc::bad_message);
  CHECK(how.error().detail == r.detail);
}

TEST_CASE("a CONNECT has no body, a Content-Length of 0 does no harm (T19)") {
  CHECK(request_framing(request({{"Host", "a"}, {"Content-Length", "0"}}, 1, "CONNECT")));
  CHECK_FALSE(request_framing(request({{"Host", "a"}, {"Content-Length", "1"}}, 1, "CONNECT")));
  CHECK_FALSE(request_framing(request({{"Host", "a"}, {"Transfer-Encoding", "chunked"}}, 1, "CONNECT")));
}

TEST_CASE("a response's body depends on status and method") {
  const std::vector<field> five{{"Content-Length", "5"}};
  CHECK(response_framing(response(200, five), "GET")->length == 5);
  CHECK(response_framing(response(200), "GET")->how == kind::until_close);
  CHECK(response_framing(response(200, five), "HEAD")->how == kind::none);
  CHECK(response_framing(response(200), "HEAD")->how == kind::none);
  CHECK(response_framing(response(404, {{"Transfer-Encoding", "chunked"}}), "HEAD")->how == kind::none);
  CHECK(response_framing(response(304, five), "GET")->how == kind::none);
  CHECK(response_framing(response(204), "PUT")->how == kind::none);
  CHECK(response_framing(response(204, {{"Content-Length", "0"}}), "PUT")->how == kind::none);
  CHECK(response_framing(response(100), "PUT")->how == kind::none);
  CHECK(response_framing(response(200, five), "CONNECT")->how == kind::none);
  CHECK(response_framing(response(407, five), "CONNECT")->length == 5);
}

TEST_CASE("a response that announces a body where there is none is refused (T16)") {
  for (const int status : {100, 103, 204}) {
    CHECK_FALSE(response_framing(response(status, {{"Content-Length", "5"}}), "GET"));
    CHECK_FALSE(response_framing(response(status, {{"Transfer-Encoding", "chunked"}}), "GET"));
  }
  CHECK_FALSE(response_framing(response(304, {{"Content-Length", "x"}}), "GET"));
  CHECK_FALSE(response_framing(response(200, {{"Content-Length", "5"}, {"Content-Length", "5"}}), "HEAD"));
}

TEST_CASE("connections live on by version and Connection") {
  CHECK(keeps_alive(request({})));
  CHECK_FALSE(keeps_alive(request({{"Connection", "Close"}})));
  CHECK_FALSE(keeps_alive(request({{"Connection", "x, close"}})));
  CHECK_FALSE(keeps_alive(request({{"Connection", "keep-alive"}, {"connection", "close"}})));
  CHECK_FALSE(keeps_alive(response(200, {}, 0)));
  CHECK(keeps_alive(response(200, {{"Connection", "Keep-Alive"}}, 0)));
  CHECK_FALSE(keeps_alive(response(200, {{"Connection", "closed, keep-alive, close"}}, 0)));
  CHECK(keeps_alive(response(200, {{"Connection", "closed"}})));
}
