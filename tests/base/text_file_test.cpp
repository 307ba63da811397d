// One rule for every text file (row C1).
#include "regpass/base/text_file.hpp"

#include "support/temporary_directory.hpp"

#include <catch2/catch.hpp>

using namespace regpass;
using namespace std::string_view_literals;
using Catch::Contains;

TEST_CASE("C1: text in UTF-16 or UTF-32 is told by its mark, or by its NULs") {
  struct row {
    std::string_view bytes, encoding;
  };
  const auto [bytes, encoding] = GENERATE(values<row>({
      {"\xFF\xFE{\0"sv, "UTF-16"},
      {"\xFE\xFF\0{"sv, "UTF-16"},
      {"{\0\"\0a\0"sv, "UTF-16"},
      {"\0{\0\""sv, "UTF-16"},
      {"\xFF\xFE\0\0{\0\0\0"sv, "UTF-32"},
      {"\0\0\xFE\xFF\0\0\0{"sv, "UTF-32"},
      {"{\0\0\0\"\0\0\0"sv, "UTF-32"},
      {"\0\0\0{\0\0\0\""sv, "UTF-32"},
      {"{}"sv, ""},
      {"\xEF\xBB\xBF{}"sv, ""},
      {""sv, ""},
      {"p\0"sv, ""},
      {"\0\0\0\0\0\0\0\0"sv, ""},
  }));
  CHECK(wide_encoding_of(bytes).value_or("") == encoding);
}

TEST_CASE("C1: a mark of UTF-8 is dropped once, and other encodings and NULs are errors that name the file") {
  CHECK(decode_text("\xEF\xBB\xBFpw", "f").value() == "pw");
  CHECK(decode_text("\xEF\xBB\xBF\xEF\xBB\xBFpw", "f").value() == "\xEF\xBB\xBFpw");
  CHECK(decode_text("", "f").value().empty());
  const auto wide = decode_text("\xFF\xFEp\0w\0"sv, "/run/password");
  REQUIRE_FALSE(wide);
  CHECK(wide.error().code == errc::bad_input);
  CHECK(wide.error().detail == "/run/password: the file is UTF-16; save it as UTF-8");
  const auto nul = decode_text("one\ntw\0o"sv, "/run/password");
  REQUIRE_FALSE(nul);
  CHECK(nul.error().detail == "/run/password:2: byte 6 is NUL, which has no place in a text file");
}

TEST_CASE("C1: one line break at the end does not count, whether LF or CRLF") {
  CHECK(without_final_line_break("p\n") == "p");
  CHECK(without_final_line_break("p\r\n") == "p");
  CHECK(without_final_line_break("p\n\n") == "p\n");
  CHECK(without_final_line_break("p\r") == "p\r");
  CHECK(without_final_line_break("p") == "p");
  CHECK(without_final_line_break("\n").empty());
}

TEST_CASE("C1: a text file is read by the same rule") {
  const testing::temporary_directory dir;
  CHECK(read_text_file(dir.put("a", "\xEF\xBB\xBFtext\r\n"), 100).value() == "text\r\n");
  const auto wide = read_text_file(dir.put("b", "\xFE\xFF\0{"sv), 100);
  REQUIRE_FALSE(wide);
  CHECK_THAT(wide.error().detail, Contains((dir / "b").string()) && Contains("UTF-16"));
  CHECK(read_text_file(dir / "none", 100).error().code == errc::not_found);
}
