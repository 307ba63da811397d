#include "regpass/http/origin.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace regpass;
using namespace regpass::http;
using namespace std::string_literals;

TEST_CASE("absolute URLs become a canonical origin and the target as written (T10)") {
  struct row {
    std::string url, origin, target;
  };
  const auto r = GENERATE(values<row>({
      {"https://auth.test/token", "https://auth.test", "/token"},
      {"HTTPS://Auth.TEST.:443/Token?A=b", "https://auth.test", "/Token?A=b"},
      {"http://h", "http://h", "/"},
      {"http://h:443?x", "http://h:443", "/?x"},
      {"https://h/?", "https://h", "/?"},
      {"https://h/a%2Fb/%7e/../c?d=%20", "https://h", "/a%2Fb/%7e/../c?d=%20"},
      {"https://h//a", "https://h", "//a"},
      {"https://[::1]:5000/", "https://[::1]:5000", "/"},
      {"https://[2001:DB8:0::1]/", "https://[2001:db8::1]", "/"},
      {"https://10.0.0.7.nip.io:8443/x", "https://10.0.0.7.nip.io:8443", "/x"},
      {"https://xn--bcher-kva.example/", "https://xn--bcher-kva.example", "/"},
  }));
  const auto url = parse_absolute(r.url);
  REQUIRE(url);
  CHECK(to_text(url->origin) == r.origin);
  CHECK(url->target == r.target);
}

TEST_CASE("URLs that are not plainly absolute http or https are refused (T10, T12)") {
  const std::string url = GENERATE(values<std::string>({
      "",
      "/token",
      "//h/token",
      "h/token",
      "ftp://h/",
      "https:/h",
      "https:h",
      "https:///x",
      "https://:443/",
      "javascript:x",
      "https://u@h/",
      "https://u:p@h/",
      "https://@h/",
      "https://h@/",
      "https://h/#f",
      "https://h#",
      "https://h:0/",
      "https://h:/",
      "https://h:65536/",
      "https://h:-1/",
      "https://h:44 3/",
      "https://h /",
      " https://h/",
      "https://h/ ",
      "https://h/a b",
      "https://h/\r\nX: y",
      "https://h/\0"s,
      "https://h\0.test/"s,
      "https://h/%",
      "https://h/%2",
      "https://h/%zz",
      "https://h\\@evil/",
      "https://h/\\x",
      "https://b\xc3\xbc"
      "cher.example/",
      "https://a%2eb/",
      "https://h..b/",
      "https://.h/",
      "https://-h/",
      "https://h-/",
      "https://[::1/",
      "https://[v1.x]/",
      "https://[1.2.3.4]/",
      "https://[fe80::1%25eth0]/",
      "https://::1/",
      "https://0x7f.1/",
      "https://127.1/",
      "https://010.0.0.1/",
      "https://2130706433/",
      "https://1.2.3.256/",
      "https://1.2.3.4.5/",
      "https://h/<x>",
      "https://h/\x7f",
  }));
  CAPTURE(url);
  const auto parsed = parse_absolute(url);
  REQUIRE(!parsed);
  CHECK(parsed.error().code == errc::bad_input);
}

TEST_CASE("an error about a URL does not repeat its secrets (T26)") {
  for (const auto* url : {"ftp://bob:hunter2@h/", "https://bob:hunter2@h/", "https://h/ ?sig=hunter2"}) {
    const auto parsed = parse_absolute(url);
    REQUIRE(!parsed);
    CHECK(parsed.error().detail.find("hunter2") == std::string::npos);
  }
}

TEST_CASE("host names have their bounds") {
  const std::string label(63, 'a');
  const auto name = label + "." + label + "." + label + "." + std::string(61, 'b');
  REQUIRE(name.size() == 253);
  CHECK(parse_authority(name, 443)->host == name);
  CHECK(parse_authority(name + ".", 443)->host == name);
  CHECK_FALSE(parse_authority(name + "b", 443));
  CHECK_FALSE(parse_authority("a" + label + ".b", 443));
}

TEST_CASE("authorities have a port, written or by default") {
  CHECK(parse_authority("Registry.Test", 443)->port == 443);
  CHECK(parse_authority("registry.test:5443", 443)->port == 5443);
  CHECK(parse_authority("[::1]:5000", 0)->host == "::1");
  CHECK(parse_authority("build_kit:1", 0)->host == "build_kit");
  for (const auto* text : {"registry.test", "[::1]", "", ":1", "a:1:2", "a:1x", "[::1]1", "a b:1", "a/b:1", "u@a:1"}) {
    CHECK_FALSE(parse_authority(text, 0));
  }
}

TEST_CASE("an authority is written without the scheme's own port") {
  CHECK(authority({"https", "h", 443}) == "h");
  CHECK(authority({"https", "h", 80}) == "h:80");
  CHECK(authority({"http", "h", 80}) == "h");
  CHECK(authority({"https", "::1", 5000}) == "[::1]:5000");
  CHECK(to_text({"http", "::1", 80}) == "http://[::1]");
}

TEST_CASE("references resolve as RFC 3986 section 5.4 shows, escapes untouched") {
  struct row {
    std::string reference, url;
  };
  const auto r = GENERATE(values<row>({
      {"g", "http://a/b/c/g"},
      {"./g", "http://a/b/c/g"},
      {"g/", "http://a/b/c/g/"},
      {"/g", "http://a/g"},
      {"//g", "http://g/"},
      {"?y", "http://a/b/c/d;p?y"},
      {"g?y", "http://a/b/c/g?y"},
      {";x", "http://a/b/c/;x"},
      {"g;x", "http://a/b/c/g;x"},
      {"", "http://a/b/c/d;p?q"},
      {".", "http://a/b/c/"},
      {"./", "http://a/b/c/"},
      {"..", "http://a/b/"},
      {"../", "http://a/b/"},
      {"../g", "http://a/b/g"},
      {"../..", "http://a/"},
      {"../../g", "http://a/g"},
      {"../../../g", "http://a/g"},
      {"/./g", "http://a/g"},
      {"/../g", "http://a/g"},
      {"g.", "http://a/b/c/g."},
      {"..g", "http://a/b/c/..g"},
      {"./g/.", "http://a/b/c/g/"},
      {"g/./h", "http://a/b/c/g/h"},
      {"g/../h", "http://a/b/c/h"},
      {"g;x=1/../y", "http://a/b/c/y"},
      {"g?y/../x", "http://a/b/c/g?y/../x"},
      {"http://g/a/../b", "http://g/b"},
      {"https://g:1", "https://g:1/"},
      {"/a//b/..", "http://a/a//"},
      {"/u/%7E%2f?_state=a%3D==&x", "http://a/u/%7E%2f?_state=a%3D==&x"},
      {"/%2e%2e/x", "http://a/%2e%2e/x"},
  }));
  const auto url = resolve(*parse_absolute("http://a/b/c/d;p?q"), r.reference);
  CAPTURE(r.reference);
  REQUIRE(url);
  CHECK(to_text(url->origin) + url->target == r.url);
}

TEST_CASE("references that lead nowhere are refused (T11)") {
  const std::string reference = GENERATE("ftp://a/", "mailto:x", "g:h", "http:g", "//u@h/", "//", "///x", "a b", "#s",
                                         "/x#f", "/\n", "%", "http://h:0/", ":x");
  CAPTURE(reference);
  CHECK_FALSE(resolve(*parse_absolute("http://a/b"), reference));
}
