#include "regpass/registry/error_body.hpp"

#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

#include <string>

using namespace regpass::registry;

TEST_CASE("the errors of a registry are read") {
  const auto errors = parse_errors(
      R"({"errors":[{"code":"UNAUTHORIZED","message":"authentication required","detail":[{"Type":"repository"}]},)"
      R"({"code":"DENIED"},{"message":"only text","detail":null},{"code":7,"message":[]},"x",null,{}]})");
  REQUIRE(errors.size() == 3);
  CHECK(errors[0].code == "UNAUTHORIZED");
  CHECK(errors[0].message == "authentication required");
  CHECK(errors[0].detail == R"([{"Type":"repository"}])");
  CHECK(errors[1].code == "DENIED");
  CHECK(errors[1].message.empty());
  CHECK(errors[2].message == "only text");
  CHECK(errors[2].detail.empty());
}

TEST_CASE("bodies of another form have no errors") {
  const std::string body =
      GENERATE(values<std::string>({"", "{}", "[]", "null", "<html>", R"({"errors":{}})", R"({"errors":"x"})",
                                    R"({"errors":[)", R"({"errors":[]} x)", R"({"error":[{"code":"X"}]})"}));
  CAPTURE(body);
  CHECK(parse_errors(body).empty());
}

TEST_CASE("what is read of errors is bounded and clean (T13, T27)") {
  std::string many = R"({"errors":[)";
  for (int i = 0; i < 20; ++i) many += std::string(i == 0 ? "" : ",") + R"({"code":"X"})";
  CHECK(parse_errors(many + "]}").size() == 16);
  const auto errors = parse_errors(R"({"errors":[{"code":"A\u001b[31m\n","message":")" + std::string(5000, 'm') +
                                   R"(","detail":")" + std::string(5000, 'd') + R"("}]})");
  REQUIRE(errors.size() == 1);
  CHECK(errors[0].code == "A\\x1b[31m\\x0a");
  CHECK(errors[0].message.size() == 512);
  CHECK(errors[0].detail.size() == 512);
  const auto deep = R"({"errors":[{"code":"X","detail":)" + std::string(100000, '[') + std::string(100000, ']') + "}]}";
  CHECK(parse_errors(deep).empty());
}

TEST_CASE("messages of token servers are read") {
  struct row {
    std::string body, text;
  };
  const auto r = GENERATE(values<row>({
      {R"({"details":"incorrect username or password"})", "incorrect username or password"},
      {R"({"error":"invalid_grant","error_description":"token expired"})", "token expired"},
      {R"({"error":"invalid_grant"})", "invalid_grant"},
      {R"({"message":"nope\u202e"})", "nope\\u{202e}"},
      {R"({"message":7,"error":"x"})", "x"},
      {R"({"details":{"a":1}})", ""},
      {R"("text")", ""},
      {"404 page not found\n", "404 page not found"},
      {"two\nlines", ""},
      {"\x1b[2Jnot found", ""},
      {std::string(257, 'a'), ""},
      {"<html><Message>no</Message></html>", ""},
      {"<!DOCTYPE html>\n<html><head><TITLE lang=en>\n 502\n  Bad Gateway </TITLE></head>...", "502 Bad Gateway"},
      {"<html><title>\x1b[2J\u202ex\xff</title>", "\\x1b[2J\\u{202e}x\\xff"},
      {"<html><title>" + std::string(500, 't') + "</title>", std::string(117, 't') + "\u2026"},
      {"<html><title>cut", ""},
      {"<html></title><title", ""},
      {std::string("\x1f\x8b\x08\x00\x00"
                   "binary",
                   11),
       ""},
      {std::string("PK\x03\x04\xff\xfe\x00", 7), ""},
      {"<?xml version=\"1.0\"?>\n<Error><Code>AccessDenied</Code><Message>Access \x1b Denied</Message></Error>",
       "AccessDenied: Access \\x1b Denied"},
      {"<Error><Code>AccessDenied</Code>", "AccessDenied"},
      {"<Error><Code>Access", ""},
      {"", ""},
  }));
  CHECK(parse_message(r.body) == r.text);
}

TEST_CASE("statuses have the code of the specification") {
  CHECK(code_for(401) == "UNAUTHORIZED");
  CHECK(code_for(403) == "DENIED");
  CHECK(code_for(404) == "NAME_UNKNOWN");
  CHECK(code_for(429) == "TOOMANYREQUESTS");
  CHECK(code_for(503) == "UNAVAILABLE");
  CHECK(code_for(500) == "UNKNOWN");
}

TEST_CASE("R3b: bytes that are no UTF-8 keep nobody from reading an error") {
  const auto errors = parse_errors("{\"errors\":[{\"code\":\"DENIED\",\"message\":\"verboten f\xfcr alice\"}]}");
  REQUIRE(errors.size() == 1);
  CHECK(errors[0].message == "verboten f\\xfcr alice");
}

TEST_CASE("R3b: an error whose detail nests deeply keeps its code") {
  const auto body = R"({"errors":[{"code":"MANIFEST_INVALID","message":"m","detail":)" + std::string(100, '[') +
                    std::string(100, ']') + "}]}";
  REQUIRE(parse_errors(body).size() == 1);
  CHECK(parse_errors(body)[0].code == "MANIFEST_INVALID");
  CHECK(parse_errors(std::string(100'000, '[')).empty());
}

TEST_CASE("R3b: only what may pass by itself has a code that clients repeat the request for") {
  for (int status = 400; status < 500; ++status) {
    const auto code = code_for(status);
    INFO(status << " " << code);
    const bool temporary = code == "UNKNOWN" || code == "UNAVAILABLE" || code == "TOOMANYREQUESTS";
    CHECK(temporary == (status == 408 || status == 425 || status == 429));
  }
  for (const int status : {500, 502, 504}) CHECK(code_for(status) == "UNKNOWN");
  for (const int status : {501, 505, 508}) CHECK(code_for(status) == "UNSUPPORTED");
}
