#include "regpass/base/text.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace regpass;
using namespace std::string_literals;

TEST_CASE("text of strangers is cleaned of what moves cursors, lines and reading direction (T27)") {
  struct row {
    std::string in, out;
  };
  const auto r = GENERATE(values<row>({
      {"plain text", "plain text"},
      {"Grüße, 世界 🚢", "Grüße, 世界 🚢"},
      {"a\nb\r\tc", "a\\x0ab\\x0d\\x09c"},
      {"\x1b[31mred", "\\x1b[31mred"},
      {"nul\0!"s, "nul\\x00!"},
      {"del\x7f", "del\\x7f"},
      {"nel\u0085", "nel\\u{0085}"},
      {"\u202Egnp.exe", "\\u{202e}gnp.exe"},
      {"\u2066x\u2069\u200F\u061C", "\\u{2066}x\\u{2069}\\u{200f}\\u{061c}"},
      {"a\u2028b\u2029", "a\\u{2028}b\\u{2029}"},
      {"bad \xff\xfe", "bad \\xff\\xfe"},
      {"overlong \xc0\xaf", "overlong \\xc0\\xaf"},
      {"surrogate \xed\xa0\x80", "surrogate \\xed\\xa0\\x80"},
      {"cut \xe4\xb8", "cut \\xe4\\xb8"},
      {"beyond \xf4\x90\x80\x80", "beyond \\xf4\\x90\\x80\\x80"},
  }));
  CHECK(clean(r.in) == r.out);
  CHECK(clean(r.out) == r.out);
}

TEST_CASE("cleaned text is cut at a character and marked") {
  CHECK(clean("abcdef", 6) == "abcdef");
  CHECK(clean("abcdefg", 6) == "abc…");
  CHECK(clean("世界世", 9) == "世界世");
  CHECK(clean("世界世界", 9) == "世界…");
  CHECK(clean("世界世界", 8) == "世…");
  CHECK(clean("a\n\n", 6) == "a…");
  CHECK(clean("abcd", 3) == "…");
  CHECK(clean("abcd", 2).empty());
  CHECK(clean("", 0).empty());
}

TEST_CASE("every cap holds for every text") {
  const std::string text = "aé世🚢\n\xff\u202E" + std::string(20, 'x');
  for (std::size_t cap = 0; cap <= 70; ++cap) {
    CHECK(clean(text, cap).size() <= cap);
    CHECK(ascii_line(text, cap).size() <= cap);
    CHECK(clean(clean(text, cap), cap) == clean(text, cap));
  }
  CHECK(clean(text, 70) == clean(text));
}

TEST_CASE("a status line gets printable ASCII only (T27)") {
  CHECK(ascii_line("no credential for harbor.example.com") == "no credential for harbor.example.com");
  CHECK(ascii_line("Grüße 世界") == "Gr??e ??");
  CHECK(ascii_line("a\r\nSet-Cookie: x") == "a\\x0d\\x0aSet-Cookie: x");
  CHECK(ascii_line("\u202E") == "\\u{202e}");
  CHECK(ascii_line("abcdefg", 6) == "abc...");
  CHECK(ascii_line(std::string(300, 'x')).size() == 200);
}

TEST_CASE("query values are masked unless their names are harmless (T26)") {
  struct row {
    std::string in, out;
  };
  const auto r = GENERATE(values<row>({
      {"/v2/a/blobs/uploads/?mount=sha256:ab&from=x%2Fy", "/v2/a/blobs/uploads/?mount=sha256:ab&from=x%2Fy"},
      {"/blob?X-Amz-Signature=abc&digest=sha256:ab", "/blob?X-Amz-Signature=***&digest=sha256:ab"},
      {"https://cdn.test/x?sig=a=b&&t", "https://cdn.test/x?sig=***&&***"},
      {"/u/7?_state=SECRET", "/u/7?_state=***"},
      {"/u/7?%5Fstate=SECRET&Scope=x", "/u/7?%5Fstate=***&Scope=***"},
      {"/plain", "/plain"},
      {"/a?", "/a?"},
      {"/a?b?c=d", "/a?b?c=***"},
      {"", ""},
      {"https://bob:pw@auth.test/token?service=s", "https://***@auth.test/token?service=s"},
      {"https://a@b@auth.test", "https://***@auth.test"},
      {"https://auth.test/a@b", "https://auth.test/a@b"},
  }));
  CHECK(masked_url(r.in) == r.out);
}

TEST_CASE("ASCII text is compared without regard to case, and only ASCII") {
  CHECK(iequals("Content-Length", "content-LENGTH"));
  CHECK_FALSE(iequals("a", "ab"));
  CHECK_FALSE(iequals("[", "{"));
  CHECK_FALSE(iequals("ä", "Ä"));
  CHECK(lower("ÄBC[") == "Äbc[");
}

TEST_CASE("trim takes blanks, tabs and line ends from both sides") {
  CHECK(trim(" \t\r\na b\n ") == "a b");
  CHECK(trim("\n \t").empty());
  CHECK(trim("x") == "x");
}

TEST_CASE("the nearest candidate is one that differs little") {
  const std::vector<std::string> keys{"listen.proxy", "listen.health", "log.level", "host"};
  CHECK(nearest("listen.prxy", keys) == "listen.proxy");
  CHECK(nearest("log.levle", keys) == "log.level");
  CHECK(nearest("HOTS", keys) == "host");
  CHECK(nearest("host", keys) == "host");
  CHECK_FALSE(nearest("completely-else", keys));
  CHECK_FALSE(nearest("", {}));
  CHECK_FALSE(nearest(std::string(100000, 'l'), keys));
}
