// Claims of a token (token.hpp, read_claims).
#include "support.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

namespace regpass::auth {
namespace {

std::string access(std::string_view list) {
  const auto read = read_claims(jwt(fmt::format(R"({{"access":{}}})", list)));
  if (!read) return "no claims";
  return read->access ? "[" + registry::to_text(*read->access) + "]" : "unknown";
}

}  // namespace

TEST_CASE("the claims of a registry token are read without verifying it") {
  const auto read = read_claims(jwt(R"({"iss":"auth","sub":"alice","aud":"r.test","iat":1000,"nbf":990,"exp":1300,
    "access":[{"type":"repository","name":"a/b","actions":["pull","push"]}]})"));
  REQUIRE(read);
  CHECK(read->issuer == "auth");
  CHECK(read->subject == "alice");
  CHECK(read->audience == std::vector<std::string>{"r.test"});
  CHECK(read->issued_at == 1000);
  CHECK(read->not_before == 990);
  CHECK(read->expires_at == 1300);
  CHECK(read->access == scopes("repository:a/b:pull,push"));
}

TEST_CASE("claims that are absent or of another type are not invented") {
  const auto read = read_claims(jwt(R"({"iss":5,"aud":["a",7,"b"],"exp":"soon","iat":1.9,"nbf":1e300})"));
  REQUIRE(read);
  CHECK(read->issuer.empty());
  CHECK(read->audience == std::vector<std::string>{"a", "b"});
  CHECK_FALSE(read->expires_at);
  CHECK(read->issued_at == 1);
  CHECK_FALSE(read->not_before);
  CHECK_FALSE(read->access);
  CHECK(read_claims(jwt("{}")).has_value());
}

TEST_CASE("access says what was granted, or that it is not known") {
  struct row {
    std::string_view list, expected;
  };
  const auto [list, expected] = GENERATE(values<row>({
      {"[]", "[]"},
      {"null", "[]"},
      {R"([{"type":"repository","name":"a","actions":[]}])", "[]"},
      {R"([{"type":"repository","name":"a","actions":null}])", "[]"},
      {R"([{"type":"repository","name":"a","actions":["push","pull"]}])", "[repository:a:pull,push]"},
      {R"([{"type":"repository","class":"plugin","name":"a","actions":["pull"]}])", "[repository(plugin):a:pull]"},
      {R"([{"type":"repository","class":"","name":"a","actions":["pull"]}])", "[repository:a:pull]"},
      {R"([{"type":"repository","class":"image","name":"a","actions":["pull"]}])", "[repository:a:pull]"},
      {R"j([{"type":"repository(image)","name":"a","actions":["pull","","pull"]}])j", "[repository:a:pull]"},
      {R"j([{"type":"repository(plugin)","class":"","name":"a","actions":["pull"]}])j", "[repository(plugin):a:pull]"},
      {R"([{"type":"repository","class":null,"name":"a","actions":["push"]},
          {"type":"repository","class":"image","name":"a","actions":["pull"]}])",
       "[repository:a:pull,push]"},
      {R"([{"type":"repository","name":"a","actions":[""]}])", "[]"},
      {R"([{"type":"repository","name":"b","actions":["*"]},{"type":"registry","name":"catalog","actions":["*"]}])",
       "[registry:catalog:* repository:b:*]"},
      {R"({"type":"repository"})", "unknown"},
      {R"("pull")", "unknown"},
      {R"([5])", "unknown"},
      {R"([{"type":"repository","name":"a"}])", "unknown"},
      {R"([{"type":"repository","actions":["pull"]}])", "unknown"},
      {R"([{"type":"repository","name":"a","actions":[5]}])", "unknown"},
  }));
  CHECK(access(list) == expected);
}

TEST_CASE("opaque tokens have no claims") {
  for (const std::string_view text : {"", "opaque", "a.b", "a.b.c.d", "..", "a.!!!.c", "ya29.a0Af.x_y", "a.bnVsbA.c"}) {
    CAPTURE(text);
    CHECK_FALSE(read_claims(text));
  }
  CHECK_FALSE(read_claims(jwt("[1]")));
  CHECK_FALSE(read_claims(jwt("{\"a\":")));
}

TEST_CASE("T13: claims nested too deep are no claims") {
  CHECK_FALSE(read_claims(jwt("{\"a\":" + std::string(40, '[') + std::string(40, ']') + "}")));
  CHECK(read_claims(jwt("{\"a\":" + std::string(20, '[') + std::string(20, ']') + "}")));
}

TEST_CASE("a JWT cut at any place gives no claims and no crash") {
  const auto whole = jwt(R"({"iss":"auth","access":[]})");
  const auto last_dot = whole.rfind('.');
  for (std::size_t cut = 0; cut <= last_dot; ++cut) CHECK_FALSE(read_claims(std::string_view(whole).substr(0, cut)));
}

}  // namespace regpass::auth
