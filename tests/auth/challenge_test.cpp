#include "regpass/auth/challenge.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

namespace regpass::auth {
namespace {

// "bearer realm=[https://r.test/token] service=[s]; basic realm=[x]"
std::string shown(const std::vector<challenge>& all) {
  std::string text;
  for (const auto& one : all) {
    if (!text.empty()) text += "; ";
    text += one.scheme;
    for (const auto& [name, value] : one.params) text += fmt::format(" {}=[{}]", name, value);
  }
  return text;
}

std::string parsed(std::string_view value) {
  const auto all = parse_challenges(value);
  return all ? shown(*all) : "error: " + all.error().detail;
}

constexpr std::string_view full =
    R"(Negotiate TlRMTVNTUAAB==, Bearer realm="https://r.test/token", service="s\"x", scope="repository:a/b:pull",)"
    R"( BASIC realm="Sonatype, Nexus")";

}  // namespace

TEST_CASE("challenges are read by the grammar of RFC 9110") {
  struct row {
    std::string_view value, expected;
  };
  const auto [value, expected] = GENERATE(values<row>({
      {R"(Bearer realm="https://r.test/token",service="r.test")",
       "bearer realm=[https://r.test/token] service=[r.test]"},
      {R"(bEaReR ReAlM="x")", "bearer realm=[x]"},
      {R"(Bearer realm="https://gcr.io/v2/token",service=gcr.io)",
       "bearer realm=[https://gcr.io/v2/token] service=[gcr.io]"},
      {R"(Bearer realm = "x" , scope = y)", "bearer realm=[x] scope=[y]"},
      {R"(Bearer realm="x", Basic realm="y")", "bearer realm=[x]; basic realm=[y]"},
      {R"(Basic)", "basic"},
      {R"(Negotiate, Basic realm="y")", "negotiate; basic realm=[y]"},
      {R"(Basic realm="y", NTLM)", "basic realm=[y]; ntlm"},
      {R"(NTLM TlRMTVNTUAAB+/==)", "ntlm"},
      {R"(Negotiate a=, Basic realm="y")", "negotiate; basic realm=[y]"},
      {R"(NTLM abc, Bearer realm="x")", "ntlm; bearer realm=[x]"},
      {R"(Bearer realm=)", "bearer"},
      {R"(, ,Bearer ,realm="x",,scope="y",)", "bearer realm=[x] scope=[y]"},
      {R"(Bearer realm="a\"b\\c\d")", R"(bearer realm=[a"b\cd])"},
      {R"(Bearer realm="")", "bearer realm=[]"},
      {R"(Bearer realm="a, Basic realm=b")", "bearer realm=[a, Basic realm=b]"},
      {"Bearer realm=\"\xc3\xa9\"", "bearer realm=[\xc3\xa9]"},
      {"", ""},
      {" , ", ""},
  }));
  CHECK(parsed(value) == expected);
}

TEST_CASE("T12: a challenge that two parsers might read differently is refused with the place") {
  struct row {
    std::string_view value, expected;
  };
  const auto [value, expected] = GENERATE(values<row>({
      {R"(Bearer realm="x)", "byte 15: unterminated quoted string"},
      {R"(Bearer realm="x\)", "byte 16: unterminated quoted string"},
      {R"(Bearer realm="x\")", "byte 17: unterminated quoted string"},
      {R"(Bearer realm="a",realm="b")", "parameter 'realm' appears twice"},
      {R"(Bearer realm="a",REALM="b")", "parameter 'realm' appears twice"},
      {R"(Bearer realm="a" service="b")", "byte 17: a comma is missing"},
      {R"(Bearer realm="a"service="b")", "byte 16: a comma is missing"},
      {R"(Bearer realm="x",scope=)", "byte 23: the value is neither a token nor a quoted string"},
      {R"(Bearer realm=,service="s")", "a parameter without its challenge"},
      {R"(Bearer realm=https://r.test/token)", "a comma is missing"},
      {R"(Bearer realm "x")", "'=' is missing"},
      {R"(Bearer a b)", "'=' is missing"},
      {R"(Bearer "x")", "no parameter name"},
      {R"(Bearer a==b)", "neither a token nor a quoted string"},
      {R"(realm="x")", "a parameter without its challenge"},
      {R"(NTLM abc=, realm="x")", "a parameter without its challenge"},
      {R"(Basic,realm="x")", "a parameter without its challenge"},
      {"Bearer\trealm=\"x\"", "a blank is missing behind the scheme"},
      {R"(Bearer; realm="x")", "a blank is missing behind the scheme"},
      {R"("Bearer" realm="x")", "neither a scheme nor a parameter"},
      {"Bearer realm=\"a\r\nX: y\"", "control byte"},
      {std::string_view("Bearer realm=\"a\0b\"", 18), "control byte"},
      {"Bearer realm=\"a\\\nb\"", "control byte"},
      {"Bearer realm=\"a\x7f\"", "control byte"},
      {"Bearer real\x01m=\"a\"", "'=' is missing"},
  }));
  const auto all = parse_challenges(value);
  REQUIRE_FALSE(all.has_value());
  CHECK(all.error().code == errc::bad_message);
  CHECK_THAT(all.error().detail, Catch::Contains(std::string(expected)));
}

TEST_CASE("T12: the bounds on challenges hold at the edge",
          "[limits.challenge_bytes][limits.challenges][limits.challenge_scope_bytes]") {
  const auto value = [](std::size_t scope) { return "Bearer scope=\"" + std::string(scope, 'a') + "\""; };
  CHECK(parse_challenges(value(4096)).has_value());
  CHECK(parse_challenges(value(4097)).error().code == errc::too_large);
  const auto padded = [](std::size_t size) { return "Basic" + std::string(size - 5, ','); };
  CHECK(parse_challenges(padded(8192)).has_value());
  CHECK(parse_challenges(padded(8193)).error().code == errc::too_large);
  CHECK(parse_challenges("a,b,c,d,e,f,g,h").value().size() == 8);
  CHECK(parse_challenges("a,b,c,d,e,f,g,h,i").error().code == errc::too_large);
  std::string many = "Bearer ";
  for (int i = 0; i < 32; ++i) many += fmt::format("p{}=v,", i);
  CHECK(parse_challenges(many).has_value());
  CHECK(parse_challenges(many + "q=v").error().code == errc::too_large);
}

TEST_CASE("the bounds hold for all fields together") {
  http::fields headers;
  for (int i = 0; i < 8; ++i) headers.add("WWW-Authenticate", "Basic");
  CHECK(challenges_of(headers).value().size() == 8);
  headers.add("www-authenticate", "Basic");
  CHECK(challenges_of(headers).error().code == errc::too_large);
  http::fields wide;
  wide.add("WWW-Authenticate", "Basic" + std::string(5000, ','));
  wide.add("WWW-Authenticate", "Basic" + std::string(5000, ','));
  CHECK(challenges_of(wide).error().code == errc::too_large);
}

TEST_CASE("R2: several fields are one list, and an unreadable field does not discard the others") {
  http::fields headers;
  headers.add("WWW-Authenticate", R"(Basic realm="a")");
  headers.add("Content-Type", "text/plain");
  headers.add("WWW-Authenticate", R"(Bearer realm="b")");
  CHECK(shown(challenges_of(headers).value()) == "basic realm=[a]; bearer realm=[b]");
  headers.add("WWW-Authenticate", R"(Bearer realm="c)");
  CHECK(shown(challenges_of(headers).value()) == "basic realm=[a]; bearer realm=[b]");
  CHECK(challenges_of(http::fields{}).value().empty());
  http::fields unreadable;
  unreadable.add("WWW-Authenticate", R"(Bearer realm="c)");
  CHECK(challenges_of(unreadable).error().code == errc::bad_message);
}

TEST_CASE("R2: an empty WWW-Authenticate is no challenge") {
  http::fields headers;
  CHECK_FALSE(has_challenge(headers));
  headers.add("WWW-Authenticate", "");
  headers.add("WWW-Authenticate", " , ");
  CHECK_FALSE(has_challenge(headers));
  headers.add("WWW-Authenticate", "Negotiate");
  CHECK(has_challenge(headers));
}

TEST_CASE("a value cut at any place yields an error or whole parameters, never a part of one") {
  const auto whole = parse_challenges(full).value();
  REQUIRE(shown(whole) ==
          R"(negotiate; bearer realm=[https://r.test/token] service=[s"x] scope=[repository:a/b:pull]; )"
          "basic realm=[Sonatype, Nexus]");
  for (std::size_t cut = 0; cut < full.size(); ++cut) {
    const auto part = parse_challenges(full.substr(0, cut));
    if (!part) continue;
    for (const auto& one : *part) {
      for (const auto& [name, value] : one.params) CHECK(shown(whole).contains(fmt::format("{}=[{}]", name, value)));
    }
  }
}

TEST_CASE("arbitrary bytes in place of any byte neither crash nor hang") {
  std::string text(full);
  for (std::size_t at = 0; at < text.size(); ++at) {
    for (int byte = 0; byte < 256; ++byte) {
      auto changed = text;
      changed[at] = static_cast<char>(byte);
      if (const auto all = parse_challenges(changed)) CHECK(all->size() <= 8);
    }
  }
}

TEST_CASE("Bearer comes before Basic, and a Bearer challenge without realm is none") {
  const auto demanded = [](std::string_view value) { return requirement_of(parse_challenges(value).value()); };
  const auto both = demanded(R"(Basic realm="a", Bearer realm="b",service="s",scope="x:y:pull")");
  REQUIRE(both);
  CHECK(both->how == requirement::kind::bearer);
  CHECK(both->realm == "b");
  CHECK(both->service == "s");
  CHECK(both->scope == "x:y:pull");
  CHECK(demanded(R"(Bearer realm="b")")->service.empty());
  CHECK(demanded(R"(Bearer service="s", Basic realm="a")")->how == requirement::kind::basic);
  CHECK(demanded(R"(Basic)")->how == requirement::kind::basic);
  CHECK_FALSE(demanded(R"(Bearer service="s")"));
  CHECK_FALSE(demanded(R"(Negotiate, Digest realm="x")"));
  CHECK_FALSE(demanded(""));
}

TEST_CASE("a demand carries the error of RFC 6750 and its description") {
  const auto wants = requirement_of(
      parse_challenges(R"(Bearer realm="r",error="invalid_token",error_description="The token has expired")").value());
  REQUIRE(wants);
  CHECK(wants->error == "invalid_token");
  CHECK(wants->error_description == "The token has expired");
}

}  // namespace regpass::auth
