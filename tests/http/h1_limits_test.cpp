// The bounds of the codec: each is kept at its value and refused one beyond (P6).
#include "h1_transcript.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <chrono>
#include <string>

using namespace regpass;
using namespace regpass::http;
using test::run;

namespace {

h1_limits small() {
  h1_limits limits;
  limits.head_bytes = 200;
  limits.head_fields = 4;
  limits.target_bytes = 20;
  return limits;
}

void too_large(const test::outcome& o) {
  REQUIRE(o.is_error);
  CHECK(o.failed.code == errc::too_large);
}

// A head of exactly `size` bytes.
std::string head_of(std::size_t size) {
  const std::string rest = "GET / HTTP/1.1\r\nHost: a\r\nX: \r\n\r\n";
  return "GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(size - rest.size(), 'x') + "\r\n\r\n";
}

const std::string chunked = "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";

}  // namespace

TEST_CASE("a head may be as long as its bound and no longer", "[limits.head_bytes]") {
  CHECK_FALSE(run<request_head>({head_of(200)}, "", false, small()).is_error);
  for (const auto& o : test::run_every_way<request_head>(head_of(201), "", false, small())) too_large(o);
  CHECK_FALSE(run<request_head>({head_of(64 * 1024)}).is_error);
  too_large(run<request_head>({head_of(64 * 1024 + 1)}));
}

TEST_CASE("a head that does not end is refused as soon as its bound is reached") {
  const std::string endless(200, 'G');
  too_large(run<request_head>({endless}, "", false, small()));
  CHECK_FALSE(run<request_head>({std::string_view(endless).substr(1)}, "", false, small()).is_error);
}

TEST_CASE("a head may have as many fields as its bound and no more", "[limits.head_fields]") {
  std::string head = "GET / HTTP/1.1\r\nHost: a\r\n";
  for (int i = 0; i < 3; ++i) head += "A: b\r\n";
  CHECK_FALSE(run<request_head>({head + "\r\n"}, "", false, small()).is_error);
  too_large(run<request_head>({head + "A: b\r\n\r\n"}, "", false, small()));
}

TEST_CASE("a request target may be as long as its bound and no longer", "[limits.target_bytes]") {
  const auto request = [](std::size_t n) { return "GET /" + std::string(n - 1, 't') + " HTTP/1.1\r\nHost: a\r\n\r\n"; };
  CHECK_FALSE(run<request_head>({request(20)}, "", false, small()).is_error);
  too_large(run<request_head>({request(21)}, "", false, small()));
  CHECK_FALSE(run<request_head>({request(8 * 1024)}).is_error);
  too_large(run<request_head>({request(8 * 1024 + 1)}));
}

TEST_CASE("the line of a chunk is bounded, complete or not") {
  const auto line = [](std::size_t n) { return "5;" + std::string(n - 2, 'e'); };
  CHECK_FALSE(run<request_head>({chunked + line(4096) + "\r\nhello"}).is_error);
  CHECK_FALSE(run<request_head>({chunked + line(4096) + "\r", "\nhello"}).is_error);
  too_large(run<request_head>({chunked + line(4097) + "\r\nhello"}));
  too_large(run<request_head>({chunked + line(4098)}));
  CHECK_FALSE(run<request_head>({chunked + "1\r\nx\r\n" + line(4096) + "\r\nhello"}).is_error);
  too_large(run<request_head>({chunked + "1\r\nx\r\n" + line(4097) + "\r\nhello"}));
  too_large(run<request_head>({chunked + "1\r\nx\r\n" + line(4098)}));
  too_large(run<request_head>({chunked + std::string(4098, '0')}));
}

TEST_CASE("trailers are bounded like a head") {
  const auto trailer = [](std::size_t n) { return "0\r\nT: " + std::string(n - 7, 't') + "\r\n\r\n"; };
  CHECK_FALSE(run<request_head>({chunked + trailer(200)}, "", false, small()).is_error);
  for (const auto& o : test::run_every_way<request_head>(chunked + trailer(201), "", false, small())) too_large(o);
  too_large(run<request_head>({chunked + "0\r\n" + std::string(200, 't')}, "", false, small()));
  std::string many;
  for (int i = 0; i < 5; ++i) many += "A: b\r\n";
  too_large(run<request_head>({chunked + "0\r\n" + many + "\r\n"}, "", false, small()));
}

TEST_CASE("a head that comes byte by byte costs time in its length, not in its square (T22)") {
  const auto head = head_of(64 * 1024);
  h1_decoder<request_head> decoder;
  const auto started = std::chrono::steady_clock::now();
  for (std::size_t n = 1; n < head.size(); ++n) REQUIRE(decoder.next(std::string_view(head).substr(0, n)).has_value());
  CHECK(decoder.next(head)->what == h1_event::kind::head);
  CHECK(std::chrono::steady_clock::now() - started < std::chrono::seconds(2));
}
