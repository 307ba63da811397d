// What a token endpoint's answer means (token.hpp, read_answer).
#include "support.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

namespace regpass::auth {
namespace {

using kind = token_failure::kind;
using std::chrono::seconds;

const instant moment{steady_time{} + std::chrono::hours(5), parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT").value()};

token_request request(credential_ptr credential = alice(), token_request::form how = token_request::form::get) {
  return {.how = how,
          .realm = {{"https", "r.test", 443}, "/token"},
          .service = "s",
          .scopes = scopes("repository:a/b:pull,push"),
          .credential = std::move(credential)};
}

token_answer answer(int status, std::string_view body, std::initializer_list<http::field> headers = {},
                    const token_request& asked = request()) {
  http::response_head head;
  head.status = status;
  for (const auto& [name, value] : headers) head.headers.add(name, value);
  return read_answer(asked, head, body, moment);
}

token_failure failure(int status, std::string_view body, std::initializer_list<http::field> headers = {},
                      const token_request& asked = request()) {
  auto read = answer(status, body, headers, asked);
  REQUIRE_FALSE(read.token);
  REQUIRE(read.failure);
  CHECK(read.failure->status == status);
  return *read.failure;
}

std::int64_t life(std::string_view body) {
  const auto read = answer(200, body);
  REQUIRE(read.token);
  return read.token->life.count();
}

}  // namespace

TEST_CASE("a token is found under either name, `token` first") {
  const auto value = [](std::string_view body) { return std::string(answer(200, body).token->value.expose()); };
  CHECK(value(R"({"token":"abc"})") == "abc");
  CHECK(value(R"({"access_token":"abc"})") == "abc");
  CHECK(value(R"({"token":"abc","access_token":"def"})") == "abc");
  CHECK(value(R"({"token":"","access_token":"def"})") == "def");
  CHECK(value(R"({"token":null,"access_token":"def"})") == "def");
}

TEST_CASE("a token remembers what it was asked for and what its claims grant") {
  const auto text = jwt(R"({"access":[{"type":"repository","name":"a/b","actions":["pull"]}]})");
  const auto read = answer(200, fmt::format(R"({{"token":"{}","scope":"repository:a/b:pull,push"}})", text));
  REQUIRE(read.token);
  CHECK(read.token->asked == scopes("repository:a/b:pull,push"));
  CHECK(read.token->granted == scopes("repository:a/b:pull"));
  CHECK(read.token->claims.has_value());
  CHECK(read.token->obtained_at == moment.steady);
}

TEST_CASE("without claims the OAuth2 scope member says what was granted, if it is of our kind") {
  const auto granted = [](std::string_view scope) {
    return answer(200, fmt::format(R"({{"access_token":"opaque","scope":"{}"}})", scope)).token->granted;
  };
  CHECK(granted("repository:a/b:pull") == scopes("repository:a/b:pull"));
  CHECK_FALSE(granted(""));
  CHECK_FALSE(granted("openid profile"));
  CHECK_FALSE(answer(200, R"({"token":"opaque"})").token->granted);
}

TEST_CASE("T13: a token's life comes from expires_in, else from its claims, else is 60 seconds, and is clamped") {
  struct row {
    std::string body;
    std::int64_t expected;
  };
  const auto with = [](std::string_view member) { return fmt::format(R"({{"token":"abc","expires_in":{}}})", member); };
  const auto claimed = [](std::string_view payload) { return fmt::format(R"({{"token":"{}"}})", jwt(payload)); };
  const std::vector<row> rows{
      {with("300"), 300},
      {with("300.9"), 300},
      {with("\"300\""), 300},
      {with("\" 300 \""), 300},
      {with("5"), 5},
      {with("0"), 60},
      {with("-5"), 1},
      {with("0.2"), 1},
      {with("1e300"), 86400},
      {with("99999999999999999999"), 86400},
      {with("\"soon\""), 60},
      {with("\"\""), 60},
      {with("null"), 60},
      {with("[]"), 60},
      {R"({"token":"abc"})", 60},
      {claimed(R"({"iat":1000,"exp":1300})"), 300},
      {claimed(R"({"nbf":1000,"exp":1300})"), 300},
      {claimed(R"({"exp":1300})"), 60},
      {claimed(R"({"iat":1300,"exp":1000})"), 1},
      {claimed(R"({"iat":0,"exp":999999999999})"), 86400},
      {fmt::format(R"({{"token":"{}","expires_in":100}})", jwt(R"({"iat":1000,"exp":1300})")), 100},
      {fmt::format(R"({{"token":"{}","expires_in":900}})", jwt(R"({"iat":1000,"exp":1300})")), 300},
      {fmt::format(R"({{"token":"{}","expires_in":0}})", jwt(R"({"iat":1000,"exp":1300})")), 300},
      // Whenever the server thinks that it is: a token ages by our clock, from when it was asked for.
      {R"({"token":"abc","expires_in":300,"issued_at":"1994-11-06T07:00:00Z"})", 300},
      {R"({"token":"abc","expires_in":300,"issued_at":"2094-11-06T08:49:37Z"})", 300},
      {R"({"token":"abc","issued_at":"yesterday"})", 60},
  };
  for (const auto& [body, expected] : rows) {
    CAPTURE(body);
    CHECK(life(body) == expected);
  }
}

TEST_CASE("failures by status") {
  struct row {
    int status;
    kind expected;
  };
  const auto [status, expected] = GENERATE(values<row>({
      {400, kind::wrong_form},
      {401, kind::rejected},
      {402, kind::forbidden},
      {403, kind::forbidden},
      {404, kind::wrong_form},
      {405, kind::wrong_form},
      {408, kind::busy},
      {410, kind::forbidden},
      {429, kind::busy},
      {500, kind::busy},
      {501, kind::wrong_form},  // "unsupported method"
      {503, kind::busy},
      {599, kind::busy},
      {302, kind::no_token},
      {304, kind::no_token},
      {199, kind::no_token},
  }));
  CHECK(failure(status, "").what == expected);
}

TEST_CASE("a POST's 401 may mean that there is no POST, unless there is no other form") {
  const auto refresh = request(make_credential(credential_kind::identity_token, "", "idt"), token_request::form::post);
  CHECK(failure(401, "", {}, request(alice(), token_request::form::post)).what == kind::wrong_form);
  CHECK(failure(401, "", {}, refresh).what == kind::rejected);
  CHECK(failure(400, R"({"error":"invalid_grant"})", {}, refresh).what == kind::rejected);
  CHECK(failure(400, R"({"error":"invalid_request"})", {}, refresh).what == kind::wrong_form);
}

TEST_CASE("R4: a token for a plugin serves its repository, and is named for what it is") {
  const auto token = jwt(R"({"access":[{"type":"repository","class":"plugin","name":"a/b","actions":["pull"]}]})");
  http::response_head head;
  head.status = 200;
  const auto made = read_answer(request(alice()), head, R"({"token":")" + token + R"("})", now()).token;
  REQUIRE(made);
  CHECK(made->granted == scopes("repository:a/b:pull repository(plugin):a/b:pull"));
  CHECK(made->granted->covers(scopes("repository:a/b:pull")));
  CHECK(made->claims->access == scopes("repository(plugin):a/b:pull"));
  const auto body = R"({"token":"opaque","scope":"repository(plugin):a/b:pull"})";
  CHECK(read_answer(request(alice()), head, body, now()).token->granted->covers(scopes("repository:a/b:pull")));
}

TEST_CASE("R5: a 400 that blames the credential is a verdict on it, in whatever words") {
  for (const std::string_view body :
       {R"({"errors":[{"code":"DENIED","message":"no"}]})", R"({"errors":[{"code":"UNAUTHORIZED"}]})",
        R"({"details":"incorrect username or password"})", R"({"message":"Invalid credentials"})",
        "Your authorization token has expired. Reauthenticate and try again."}) {
    CAPTURE(body);
    CHECK(failure(400, body).what == kind::rejected);
    CHECK(failure(400, body, {}, request(nullptr)).what == kind::wrong_form);
  }
  for (const std::string_view body :
       {"", "Unable to handle service: x", R"({"errors":[{"code":"NAME_INVALID","message":"invalid repository"}]})",
        R"({"error":"unsupported_grant_type"})", "<html>invalid password</html>"}) {
    CAPTURE(body);
    CHECK(failure(400, body).what == kind::wrong_form);
  }
  const auto posted = request(alice(), token_request::form::post);
  CHECK(failure(400, R"({"error":"unsupported_grant_type","error_description":"invalid grant: password"})", {}, posted)
            .what == kind::wrong_form);
}

TEST_CASE("the server's own words are kept, in every form they come in") {
  CHECK(failure(401, R"({"details":"incorrect username or password"})").message == "incorrect username or password");
  CHECK(failure(403, R"({"errors":[{"code":"DENIED","message":"denied: no"}]})").message == "denied: no");
  CHECK(failure(403, R"({"errors":[{"code":"DENIED"}]})").message == "DENIED");
  CHECK(failure(403, "Your authorization token has expired.").message == "Your authorization token has expired.");
  CHECK(failure(500, "<html>oops</html>").message == "");
  CHECK(failure(401, std::string("a\x1b[31mb\n", 8)).message.find('\x1b') == std::string::npos);
  CHECK(failure(401, std::string(10'000, 'x')).message.size() <= 512);
}

TEST_CASE("T11: a redirect is no token and is not followed; its signed parts are masked") {
  const auto moved = failure(302, "", {{"Location", "https://sso.test/login?sig=abcdef"}});
  CHECK(moved.what == kind::no_token);
  CHECK_THAT(moved.message, Catch::StartsWith("a redirect to https://sso.test/login"));
  CHECK_THAT(moved.message, !Catch::Contains("abcdef"));
}

TEST_CASE("T26: a server that quotes the credential does not get it into the log") {
  CHECK(failure(401, R"({"message":"bad password s3cret for alice"})").message == "bad password *** for alice");
  CHECK(failure(401, "you sent Basic YWxpY2U6czNjcmV0").message == "you sent Basic ***");
  const auto odd = request(make_credential(credential_kind::basic, "u", "*"));
  CHECK(failure(401, "a*b**", {}, odd).message == "a*b**");  // cannot be told from what masks
  CHECK(failure(401, R"({"message":"bad password s\u0033cret"})").message == "bad password ***");
  CHECK(failure(200, R"({"s3cret":1})").message == "JSON without a token; its members: ***");
  CHECK(failure(200, "", {{"Content-Type", "s3cret"}}).message == "no JSON object (***)");
  CHECK(failure(302, "", {{"Location", "https://x.test/s3cret"}}).message == "a redirect to https://x.test/***");
}

TEST_CASE("TOK-08, TOK-09: an answer without a token says what it is instead") {
  struct row {
    std::string_view body, message;
  };
  const auto [body, message] = GENERATE(values<row>({
      {"<!DOCTYPE html><html>", "a page instead of JSON (text/html)"},
      {"", "no JSON object (text/html)"},
      {"[]", "no JSON object (text/html)"},
      {"{\"token\":", "no JSON object (text/html)"},
      {"{}", "JSON without a token; its members: none"},
      {R"({"status":"UP","id_token":"hidden"})", "JSON without a token; its members: status, id_token"},
      {R"({"token":5})", "JSON without a token; its members: token"},
  }));
  const auto read = failure(200, body, {{"Content-Type", "text/html"}});
  CHECK(read.what == kind::no_token);
  CHECK(read.message == message);
}

TEST_CASE("T13: tokens of the wrong shape and size are none", "[limits.token_bytes][limits.token_response_bytes]") {
  CHECK(answer(200, R"({"token":")" + std::string(64 * 1024, 'a') + "\"}").token);
  CHECK(failure(200, R"({"token":")" + std::string(64 * 1024 + 1, 'a') + "\"}").message == "the token is too large");
  CHECK(failure(200, "{\"a\":\"" + std::string(1024 * 1024, 'a') + "\"}").message == "the answer is too large");
  for (const auto odd : {"a\\r\\nX: y", "a b", "a\\u0000", "a\\u007f", "\\u00e4", "\\t"}) {
    CAPTURE(odd);
    CHECK(failure(200, fmt::format(R"({{"token":"{}"}})", odd)).what == kind::no_token);
  }
  CHECK(failure(200, R"({"token":)" + std::string(100, '[')).what == kind::no_token);
}

TEST_CASE("T13: a compressed answer is named, not decompressed") {
  CHECK(failure(200, "\x1f\x8b\x08", {{"Content-Encoding", "gzip"}}).message ==
        "compressed (gzip), though not asked for");
}

TEST_CASE("The words of a compressed refusal are read, and those in another coding are left out") {
  std::string said = R"({"errors":[{"code":"DENIED","message":"no access"}]})";
  // zlib's form with one stored block (RFC 1950, RFC 1951): what "deflate" means in HTTP.
  const auto size = static_cast<char>(said.size());
  std::string packed("\x78\x01\x01", 3);
  packed += {size, '\0', static_cast<char>(~size), '\xff'};
  packed += said;
  std::uint32_t low = 1, high = 0;
  for (const char c : said) {
    low = (low + static_cast<unsigned char>(c)) % 65521;
    high = (high + low) % 65521;
  }
  for (const auto part : {high >> 8U, high, low >> 8U, low}) packed += static_cast<char>(part & 0xFFU);
  const auto read = failure(403, packed, {{"Content-Encoding", "deflate"}});
  CHECK(read.message == "no access");
  CHECK(read.code == "DENIED");
  CHECK(failure(403, packed, {{"Content-Encoding", "br"}}).message.empty());
  CHECK(failure(403, packed.substr(0, 20), {{"Content-Encoding", "deflate"}}).message.empty());
}

TEST_CASE("Retry-After is seconds or a date, and is capped") {
  struct row {
    std::string value;
    std::optional<seconds> expected;
  };
  const std::vector<row> rows{
      {"30", seconds(30)},
      {"0", seconds(0)},
      {"4000000000", seconds(86400)},
      {"Sun, 06 Nov 1994 08:50:37 GMT", seconds(60)},
      {"Sun, 06 Nov 1994 08:00:00 GMT", seconds(0)},
      {"Sat, 06 Nov 2094 08:49:37 GMT", seconds(86400)},
      {"-1", std::nullopt},
      {"+1", std::nullopt},
      {"1.5", std::nullopt},
      {"soon", std::nullopt},
      {"", std::nullopt},
  };
  for (const auto& [value, expected] : rows) {
    CAPTURE(value);
    CHECK(failure(429, "", {{"Retry-After", value}}).retry_after == expected);
  }
  CHECK_FALSE(failure(429, "").retry_after);
}

TEST_CASE("T13: an answer cut at any place is no token, unless it is whole") {
  const std::string_view whole = R"({"token":"abc","expires_in":300,"issued_at":"2026-08-01T17:55:03Z"})";
  for (std::size_t cut = 0; cut < whole.size(); ++cut) CHECK(failure(200, whole.substr(0, cut)).what == kind::no_token);
  CHECK(answer(200, whole).token);
}

}  // namespace regpass::auth
