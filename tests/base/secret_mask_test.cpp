#include "regpass/base/secret_mask.hpp"

#include "regpass/base/text.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>

using namespace regpass;

namespace {

const std::string password = "canary-Pa55/word+24";
const std::string token = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbGljZSIsImp0aSI6IjQyIn0.c2lnbmF0dXJlLW9mLXRoZS10b2tlbg";

secret_mask mask_of_exchange() {
  secret_mask made;
  made.add_login("alice", password);
  made.add(token);
  return made;
}

std::string upper(std::string text) {
  for (auto& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

std::string url_safe(std::string text) {
  std::ranges::replace(text, '+', '-');
  std::ranges::replace(text, '/', '_');
  return text.substr(0, text.find('='));
}

std::string percent_encoded(std::string_view text, bool everything) {
  std::string out;
  for (const char c : text) {
    const bool keep = !everything && std::isalnum(static_cast<unsigned char>(c)) != 0;
    out += keep ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

std::string json_escaped(std::string_view text) {
  std::string out;
  for (const char c : text) out += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
  return out;
}

std::string html_escaped(std::string_view text) {
  std::string out;
  for (const char c : text) out += fmt::format("&#{};", static_cast<int>(c));
  return out;
}

std::vector<std::string> forms_of(const std::string& value) {
  std::vector<std::string> made{value, upper(value), lower(value), hex(value), upper(hex(value))};
  for (const auto* before : {"", "a", "ab", "user=x; "}) {
    const auto encoded = base64(before + value + "!");
    made.insert(made.end(), {encoded, url_safe(encoded), lower(encoded), percent_encoded(encoded, false)});
  }
  for (const bool everything : {false, true}) {
    made.push_back(percent_encoded(value, everything));
    made.push_back(lower(percent_encoded(value, everything)));
    made.push_back(percent_encoded(percent_encoded(value, everything), false));
  }
  made.push_back(json_escaped(value));
  made.push_back(html_escaped(value));
  made.push_back(clean(value));
  return made;
}

}  // namespace

TEST_CASE("S1: a secret that was sent is masked in every encoding in which it may come back") {
  const auto mask = mask_of_exchange();
  for (const auto& value : {password, token, base64("alice:" + password)}) {
    for (const auto& form : forms_of(value)) {
      INFO(form);
      const auto shown = mask.apply("bad " + form + " here");
      CHECK(shown.starts_with("bad "));
      CHECK(shown.ends_with(" here"));
      CHECK(shown.size() < std::string_view("bad *** *** *** here").size());
    }
  }
}

TEST_CASE("S1: long fragments of a secret are masked, and what stands around them is not") {
  const auto mask = mask_of_exchange();
  CHECK(mask.apply("token " + token.substr(0, 30) + "... is not valid") == "token ***... is not valid");
  CHECK(mask.apply("token ..." + token.substr(30)) == "token ...***");
  CHECK(mask.apply("login with '" + password + "' failed") == "login with '***' failed");
  CHECK(mask.apply("alice is not a member of team-a") == "alice is not a member of team-a");
  CHECK(mask.apply("") == "");
  CHECK(secret_mask().apply(password) == password);
}

TEST_CASE("S1: a short password is masked as a word, not inside other words") {
  secret_mask mask;
  mask.add_login("u", "pass1");
  CHECK(mask.apply("wrong password: pass1") == "wrong password: ***");
  CHECK(mask.apply("\"pass1\"") == "\"***\"");
  CHECK(mask.apply("u:pass1@host") == "***@host");
  CHECK(mask.apply("passwords and pass12 and bypass1") == "passwords and pass12 and bypass1");
  CHECK(mask.apply("Basic " + base64("u:pass1")) == "Basic ***");
  CHECK(mask.apply(base64("user=u&password=pass1")) == "***");
  CHECK(mask.apply(hex("pass1")) == "***");

  secret_mask shortest;
  shortest.add_login("u", "p");
  CHECK(shortest.apply("bad Basic dTpw") == "bad Basic ***");
  CHECK(shortest.apply("password=p.") == "password=***.");
  CHECK(shortest.apply("p/r/app is not p-1") == "p/r/app is not p-1");
}

TEST_CASE("S1: a secret is taken out of an Authorization field in every form of it") {
  secret_mask mask;
  mask.add_authorization("Basic " + base64("bob:correct horse"));
  mask.add_authorization("Bearer opaque-token-1");
  CHECK(mask.apply("got correct horse") == "got ***");
  CHECK(mask.apply("got correct+horse") == "got ***");
  CHECK(mask.apply("got correct%20horse") == "got ***");
  CHECK(mask.apply("got Bearer opaque-token-1.") == "got Bearer ***.");
  CHECK(mask.apply("got Basic " + base64("bob:correct horse")) == "got Basic ***");
}

TEST_CASE("S1: somebody else's credentials are masked where they can be recognised") {
  CHECK(mask_recognisable("see https://cdn.test/b?X-Amz-Signature=abc&digest=x for more") ==
        "see https://cdn.test/b?X-Amz-Signature=***&digest=x for more");
  CHECK(mask_recognisable("\"http://bob:pw@proxy.test/\"") == "\"http://***@proxy.test/\"");
  CHECK(mask_recognisable("bad " + token) == "bad ***");
  CHECK(mask_recognisable("header Bearer ghp_0123456789abcdefABCDEF!") == "header Bearer ***!");
  for (const std::string harmless : {"Basic authentication is required", "Bearer realm=\"https://a.test/token\"",
                                     "invalid token: expired", "Bearer authentication-required-here"}) {
    CHECK(mask_recognisable(harmless) == harmless);
  }
}

TEST_CASE(
    "S1: a secret that is repeated in one long run is masked without searching the run once for each repetition") {
  std::string value;
  for (int i = 0; i < 1024; ++i) value += static_cast<char>('a' + i * i % 26);
  secret_mask mask;
  mask.add(value);
  auto encoded = base64(value);
  encoded.erase(encoded.find_last_not_of('=') + 1);
  std::string text;
  while (text.size() < std::size_t{256} * 1024) text += encoded;
  CHECK(mask.apply("a " + text + " b") == "a *** b");
}

TEST_CASE("S3: what a program printed is masked without knowing its secrets") {
  for (const std::string printed :
       {"password=kingfisher", "Password: kingfisher", "\"password\":\"kingfisher\"", "the password is Kingf1sher",
        "Secret=kingfisher", "\"Secret\": \"king fisher\"", "AWS_SECRET_ACCESS_KEY=kingfisher", "--password kingf1sher",
        "token kingFisher42", "https://bob:kingfisher@r.test/", "Authorization: Basic a2luZ2Zpc2hlcmtpbmdmaXNoZXI1",
        "login failed for bob with Zk93hs82JdKs93Jd02", "PASSWORD='kingfisher'", "helper -p kingfisher2x",
        "login(bob, kingfisher2x)"}) {
    INFO(printed);
    const auto shown = lower(mask_printed(printed));
    CHECK(shown.find("***") != std::string::npos);
    CHECK(shown.find("king") == std::string::npos);
    CHECK(shown.find("fish") == std::string::npos);
    CHECK(shown.find("zk93hs82") == std::string::npos);
    CHECK(shown.find("a2luz2zp") == std::string::npos);
  }
  for (const std::string harmless :
       {"the keyring is locked", "error getting credentials - err: exit status 1, out: `no network`",
        "token has expired, run aws sso login", "/root/.docker/config.json: permission denied"}) {
    CHECK(mask_printed(harmless) == harmless);
  }
}
