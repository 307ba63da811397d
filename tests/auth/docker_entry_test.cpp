// The members of one entry (docker_config.hpp); keys and files are in docker_config_test.cpp.
#include "auth/docker_config.hpp"
#include "support.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

namespace regpass::auth {
namespace {

credential_entry read(std::string_view members) {
  auto config = parse_docker_config(fmt::format(R"({{"auths":{{"r.test":{}}}}})", members), "f").value();
  REQUIRE(config.entries.size() == 1);
  return std::move(config.entries[0]);
}

credential_entry read_pair(std::string_view pair) {
  return read(fmt::format(R"({{"auth":"{}"}})", base64(pair)));
}

// "basic alice:pw", or the problem.
std::string shown(const credential_entry& entry) {
  if (!entry.credential) return "problem: " + entry.problem;
  const auto& one = *entry.credential;
  return fmt::format("{} {}:{}", name_of(one.kind), one.username, one.value.expose());
}

}  // namespace

TEST_CASE("an entry's members count in docker's order") {
  CHECK(shown(read(R"({"auth":"YWxpY2U6cHc="})")) == "basic alice:pw");
  CHECK(shown(read(R"({"username":"bob","password":"p"})")) == "basic bob:p");
  CHECK(shown(read(R"({"auth":"","username":"bob","password":"p"})")) == "basic bob:p");
  CHECK(shown(read(R"({"auth":"YWxpY2U6cHc=","identitytoken":"idt"})")) == "identity-token alice:idt");
  CHECK(shown(read(R"({"auth":"YWxpY2U6","identitytoken":"idt"})")) == "identity-token alice:idt");
  CHECK(shown(read(R"({"auth":"%","identitytoken":"idt"})")) == "identity-token :idt");
  CHECK(shown(read(R"({"username":"bob","identitytoken":"idt"})")) == "identity-token bob:idt");
  CHECK(shown(read(R"({"auth":"YWxpY2U6cHc=","identitytoken":"idt","registrytoken":"rt"})")) == "bearer :rt");
  CHECK(shown(read(R"({"auth":"YWxpY2U6cHc=","identitytoken":null,"registrytoken":""})")) == "basic alice:pw");
  CHECK(shown(read(R"({"auth":"%","registrytoken":"rt"})")) == "bearer :rt");
}

TEST_CASE("conventions of a registry stay its own, the helpers' <token> is ours") {
  CHECK(shown(read_pair("<token>:idt")) == "basic <token>:idt");
  CHECK(shown(read_pair("00000000-0000-0000-0000-000000000000:rt")) == "basic 00000000-0000-0000-0000-000000000000:rt");
  CHECK(shown(read(R"({"username":"<token>","password":"idt"})")) == "identity-token :idt");
}

TEST_CASE("a password may hold colons, braces and bytes above ASCII") {
  CHECK(shown(read_pair("alice:a:b:c")) == "basic alice:a:b:c");
  CHECK(shown(read_pair("_json_key:{\"type\":\"service_account\"}")) ==
        "basic _json_key:{\"type\":\"service_account\"}");
  CHECK(shown(read_pair("{odd:pw")) == "basic {odd:pw");
  CHECK(shown(read_pair("alice:p\xc3\xa4ss")) == "basic alice:p\xc3\xa4ss");
}

TEST_CASE("docker's NULs behind a password are trimmed") {
  CHECK(shown(read_pair(std::string_view("alice:pw\0\0", 10))) == "basic alice:pw");
}

TEST_CASE("CRED-03, CRED-04, CRED-10, CRED-19: what cannot be used says why") {
  struct row {
    std::string_view members, problem;
  };
  const auto [members, problem] = GENERATE(values<row>({
      {R"({"auth":"YWxpY2U6-Hc="})", "auth is no base64: character '-' is of the URL-safe alphabet (at 8)"},
      {R"({"auth":"YWxpY2U6cHc"})", "auth is no base64: length 11 is no multiple of 4"},
      {R"({"auth":"YWxpY2U6\ncHc="})", "auth is no base64: line break (at 8): write it with base64 -w0"},
      {R"({"auth":"YWxpY2U6 cHc="})", "auth is no base64: blank (at 8)"},
      {R"({"auth":"cGFzc3dvcmQ="})", "auth is base64, but not of user:password: there is no colon in it"},
      {R"({"auth":"OnRva2Vu"})", "the user name is empty"},
      {R"({"auth":"YWxpY2U6"})", "the password is empty"},
      {R"({"auth":"eyJ1c2VybmFtZSI6ImEiLCJwYXNzd29yZCI6ImIifQ=="})",
       "auth is base64 of a JSON object instead of user:password"},
      {R"({"username":"alice"})", "the password is empty"},
      {R"({"password":"pw"})", "the user name is empty"},
      {R"({"username":"<token>"})", "the password is empty"},
      {R"({})", "the entry is empty"},
      {R"({"email":"a@b.test"})", "the entry is empty"},
      {R"({"auth":5})", "auth is no string"},
      {R"({"registrytoken":["x"]})", "registrytoken is no string"},
      {R"({"registrytoken":"abc\r\nX-Evil: 1"})", "registrytoken holds a line break (at 3)"},
      {R"({"registrytoken":"abc\n"})", "registrytoken ends in a line break"},
      {R"({"registrytoken":"a c"})", "registrytoken holds a byte that no Authorization field may carry (at 1)"},
  }));
  const auto entry = read(members);
  CHECK_FALSE(entry.credential);
  CHECK_THAT(entry.problem, Catch::StartsWith(std::string(problem)));
}

TEST_CASE("CRED-07: what looks wrong but can be used is used, with a remark") {
  const auto differs = read(R"({"auth":"YWxpY2U6cHc=","username":"alice","password":"newer"})");
  CHECK(shown(differs) == "basic alice:pw");
  CHECK(differs.problem == "auth and username/password differ; auth is used, as docker does");
  CHECK(read(R"({"auth":"YWxpY2U6cHc=","username":"bob"})").problem != "");
  CHECK(read(R"({"auth":"YWxpY2U6cHc=","username":"alice","password":"pw"})").problem == "");
}

TEST_CASE("C2: what a shell or tool has damaged is named and never sent") {
  struct row {
    std::string pair, problem;
  };
  const auto [pair, problem] = GENERATE(values<row>({
      {"alice:pw\n", "the password ends in a line break"},
      {"alice:pw\r\n", "the password ends in a line break"},
      {"alice:pw\r", "the password ends in a line break"},
      {"alice:pw\n\n", "the password ends in a line break"},
      {"alice:p\nw", "the password holds a line break (at 1)"},
      {"alice:p\tw", "the password holds a tab (at 1)"},
      {"alice:p\x1bw", "the password holds a control character (at 1)"},
      {"alice:p\x7f", "the password holds a control character (at 1)"},
      {std::string("alice:p\0w", 9), "the password holds a NUL byte (at 1)"},
      {"alice\n:pw", "the user name ends in a line break"},
      {"al\nice:pw", "the user name holds a line break (at 2)"},
      {"\xEF\xBB\xBF"
       "alice:pw",
       "the user name holds a byte order mark (at 0)"},
      {"alice:\xEF\xBB\xBFpw", "the password holds a byte order mark (at 0)"},
      {"alice:pw\xE2\x80\xA8", "the password holds a line break (at 2)"},
      {std::string("a\0:\0p\0w\0", 8), "auth is base64 of UTF-16"},
  }));
  const auto entry = read_pair(pair);
  CHECK_FALSE(entry.credential);
  CHECK_THAT(entry.problem, Catch::StartsWith(problem));
  CHECK_THAT(read(R"({"username":"a:b","password":"pw"})").problem, Catch::Contains("holds a colon"));
  CHECK_THAT(read(R"({"identitytoken":"t\n"})").problem, Catch::StartsWith("identitytoken ends in a line break"));
  CHECK_THAT(read(R"({"username":"<token>","password":"t\r\n"})").problem,
             Catch::StartsWith("the password ends in a line break"));
}

TEST_CASE("C2: blanks around a value are sent, with a remark, and so is a key of several lines") {
  CHECK(shown(read_pair("alice: pw")) == "basic alice: pw");
  CHECK(read_pair("alice: pw").problem == "the password begins with a blank, which is sent too");
  CHECK(read_pair("alice :pw").problem == "the user name ends in a blank, which is sent too");
  CHECK(shown(read_pair("_json_key:{\n\"type\": 1\n}\n")) == "basic _json_key:{\n\"type\": 1\n}\n");
  CHECK(shown(read_pair("alice:pässwörd")) == "basic alice:pässwörd");
}

TEST_CASE("of members with the same name the last one counts") {
  CHECK(shown(read(R"({"username":"a","username":"b","password":"p"})")) == "basic b:p");
}

}  // namespace regpass::auth
