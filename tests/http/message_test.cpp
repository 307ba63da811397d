#include "regpass/http/message.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace regpass::http;

namespace {

fields sample() {
  fields f;
  f.add("Host", "a");
  f.add("Accept", "x, y");
  f.add("accept", ",  z ,");
  f.add("Other", "1");
  return f;
}

std::string text(const fields& f) {
  std::string out;
  for (const auto [name, value] : f) out.append(name).append("=").append(value).append(";");
  return out;
}

}  // namespace

TEST_CASE("fields keep order, spelling and duplicates, and are found without regard to case") {
  const auto f = sample();
  CHECK(text(f) == "Host=a;Accept=x, y;accept=,  z ,;Other=1;");
  CHECK(f.get("HOST") == "a");
  CHECK(f.get("ACCEPT") == "x, y");
  CHECK_FALSE(f.get("Hos"));
  CHECK(f.count("Accept") == 2);
  CHECK(f.all("accept") == std::vector<std::string_view>{"x, y", ",  z ,"});
  CHECK(f.size() == 4);
}

TEST_CASE("set replaces at the place of the first and removes the others") {
  auto f = sample();
  f.set("ACCEPT", "q");
  CHECK(text(f) == "Host=a;ACCEPT=q;Other=1;");
  f.set("New", "n");
  CHECK(text(f) == "Host=a;ACCEPT=q;Other=1;New=n;");
  const std::string own(*f.get("Host"));
  f.set("host", *f.get("Host"));
  CHECK(f.get("Host") == own);
}

TEST_CASE("erase takes all of a name and says how many") {
  auto f = sample();
  CHECK(f.erase("accept") == 2);
  CHECK(f.erase("accept") == 0);
  CHECK(text(f) == "Host=a;Other=1;");
}

TEST_CASE("tokens are the elements of all fields of a name, empty ones skipped") {
  CHECK(sample().tokens("accept") == std::vector<std::string_view>{"x", "y", "z"});
  CHECK(sample().tokens("none").empty());
  fields f;
  f.add("Connection", "");
  f.add("Connection", " , ,");
  f.add("Connection", "\tclose");
  CHECK(f.tokens("connection") == std::vector<std::string_view>{"close"});
}

TEST_CASE("heads are written as HTTP/1.1 lines") {
  request_head request;
  request.method = "GET";
  request.target = "/v2/";
  request.headers.add("Host", "a");
  CHECK(write_head(request) == "GET /v2/ HTTP/1.1\r\nHost: a\r\n\r\n");
  response_head response;
  response.status = 403;
  response.reason = "Forbidden - no credential";
  response.minor = 0;
  CHECK(write_head(response) == "HTTP/1.0 403 Forbidden - no credential\r\n\r\n");
  response.reason.clear();
  CHECK(write_head(response) == "HTTP/1.0 403 \r\n\r\n");
}

TEST_CASE("known statuses have a phrase") {
  CHECK(reason_phrase(200) == "OK");
  CHECK(reason_phrase(403) == "Forbidden");
  CHECK(reason_phrase(504) == "Gateway Timeout");
  CHECK(reason_phrase(299).empty());
}

TEST_CASE("1xx is interim") {
  response_head r;
  for (const int status : {100, 101, 199}) {
    r.status = status;
    CHECK(is_interim(r));
  }
  for (const int status : {99, 200, 0}) {
    r.status = status;
    CHECK_FALSE(is_interim(r));
  }
}
