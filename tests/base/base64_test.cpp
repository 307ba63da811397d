#include "regpass/base/text.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace regpass;
using namespace std::string_literals;

TEST_CASE("base64 follows the test vectors of RFC 4648 section 10 both ways") {
  struct row {
    std::string bytes, text;
  };
  const auto r = GENERATE(values<row>({{"", ""},
                                       {"f", "Zg=="},
                                       {"fo", "Zm8="},
                                       {"foo", "Zm9v"},
                                       {"foob", "Zm9vYg=="},
                                       {"fooba", "Zm9vYmE="},
                                       {"foobar", "Zm9vYmFy"},
                                       {"\xfb\xff\0"s, "+/8A"},
                                       {"\0"s, "AA=="}}));
  CHECK(base64(r.bytes) == r.text);
  std::string out = "old";
  CHECK_FALSE(decode_base64(r.text, out));
  CHECK(out == r.bytes);
}

TEST_CASE("base64 errors say where and what") {
  struct row {
    std::string text;
    std::size_t at;
    std::string reason;
  };
  const auto r = GENERATE(values<row>({
      {"Zm9-", 3, "character '-' is of the URL-safe alphabet"},
      {"Z_9v", 1, "character '_' is of the URL-safe alphabet"},
      {"Zm9v\nZm9v", 4, "line break"},
      {"Zm9v\r\n", 4, "line break"},
      {" Zm9v", 0, "blank"},
      {"Zm9v\t", 4, "blank"},
      {"Zm9vY", 5, "length 5 is no multiple of 4: cut off, or padding is missing"},
      {"Zm8", 3, "length 3 is no multiple of 4: cut off, or padding is missing"},
      {"Zg==Zg==", 2, "padding in the middle"},
      {"Z===", 3, "more padding than two '='"},
      {"====", 2, "more padding than two '='"},
      {"Zg=", 3, "length 3 is no multiple of 4: cut off, or padding is missing"},
      {"bob:", 3, "character ':' is not of the base64 alphabet"},
      {"\x01mm=", 0, "character '\\x01' is not of the base64 alphabet"},
  }));
  std::string out;
  const auto wrong = decode_base64(r.text, out);
  REQUIRE(wrong);
  CHECK(wrong->at == r.at);
  CHECK(wrong->reason == r.reason);
}

TEST_CASE("the URL-safe alphabet is read without padding, as in tokens") {
  CHECK(decode_base64url("-_8A") == "\xfb\xff\0"s);
  CHECK(decode_base64url("Zg") == "f");
  CHECK(decode_base64url("Zm8") == "fo");
  CHECK(decode_base64url("") == "");
  for (const auto* text : {"Zg==", "+/8A", "Z", "Zm9v\n", "Zm9.", "Zm9vY"}) CHECK_FALSE(decode_base64url(text));
}

TEST_CASE("hex is lower case, two digits a byte") {
  CHECK(hex("\x00\xff\x1a"s) == "00ff1a");
  CHECK(hex("").empty());
}
