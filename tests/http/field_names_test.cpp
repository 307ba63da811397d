#include "regpass/http/field_names.hpp"

#include "regpass/http/h1_codec.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace regpass::http {
namespace {

TEST_CASE("A set of names has its own, whatever their case, and no others") {
  constexpr field_names known("Host", "TE", "Content-Length");
  for (const auto* name : {"Host", "HOST", "te", "content-length"}) CHECK(known.contains(name));
  for (const auto* name : {"", "H", "Hosts", "Most", "T", "TEE", "Content-Type", "Content-Lengti"}) {
    CHECK_FALSE(known.contains(name));
  }
  CHECK_FALSE(known.contains(std::string(64, 'x')));
  CHECK_FALSE(known.contains(std::string(100'000, 'x')));
}

TEST_CASE("A head is written with the framing that it is given, whatever it says itself") {
  request_head asked{.method = "PUT", .target = "/x", .minor = 0, .headers = {}};
  asked.headers.add("Host", "a");
  asked.headers.add("Content-length", "5");
  asked.headers.add("transfer-encoding", "gzip");
  asked.headers.add("Accept", "b");
  const framing chunked{.how = framing::kind::chunked};
  CHECK(write_head(asked, chunked) == "PUT /x HTTP/1.1\r\nHost: a\r\nAccept: b\r\nTransfer-Encoding: chunked\r\n\r\n");
  const framing counted{.how = framing::kind::counted, .length = 7};
  CHECK(write_head(asked, counted) == "PUT /x HTTP/1.1\r\nHost: a\r\nAccept: b\r\nContent-Length: 7\r\n\r\n");
  CHECK(write_head(asked, framing()) == "PUT /x HTTP/1.1\r\nHost: a\r\nAccept: b\r\n\r\n");

  response_head answer{.status = 200, .reason = "OK", .minor = 0, .headers = asked.headers};
  answer.headers.add("Connection", "upgrade");
  CHECK(write_head(answer, counted, "close") ==
        "HTTP/1.1 200 OK\r\nHost: a\r\nAccept: b\r\nContent-Length: 7\r\nConnection: close\r\n\r\n");
  CHECK(write_head(answer, framing(), "") == "HTTP/1.1 200 OK\r\nHost: a\r\nAccept: b\r\n\r\n");
}

}  // namespace
}  // namespace regpass::http
