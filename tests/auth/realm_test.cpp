#include "auth/realm.hpp"

#include <catch2/catch.hpp>

namespace regpass::auth {
namespace {

struct where {
  std::string_view registry = "r.test";
  http::origin origin{"https", "r.test", 443};
  std::vector<std::string> approved;
};

realm_decision decide(std::string_view realm, where at = {}) {
  return decide_realm(realm, registry::parse_host(at.registry).value(), {at.origin, at.approved});
}

std::string shown(const realm_decision& made) {
  if (!made.allowed) return "refused: " + made.why;
  return made.why + ": " + http::to_text(made.url.origin) + made.url.target;
}

}  // namespace

TEST_CASE("T09: a realm of the registry's own origin is allowed") {
  CHECK(shown(decide("https://r.test/token")) == "same origin: https://r.test/token");
  CHECK(shown(decide("https://R.TEST:443/token?a=b")) == "same origin: https://r.test/token?a=b");
  CHECK(shown(decide("/token")) == "same origin: https://r.test/token");
  CHECK(shown(decide("token")) == "same origin: https://r.test/v2/token");
  CHECK(shown(decide("//r.test/token")) == "same origin: https://r.test/token");
  CHECK(decide("https://r.test/token").config_line.empty());
}

TEST_CASE("T09: a foreign realm gets nothing, and the line that would allow it is named") {
  const auto made = decide("https://auth.example.com/token?x=y");
  CHECK_FALSE(made.allowed);
  CHECK(made.why == "https://auth.example.com is neither the origin of r.test nor approved for it");
  CHECK(made.config_line == R"(realms = ["https://auth.example.com/token"])");
  CHECK(made.url.target.empty());
}

TEST_CASE("R6: where nothing secret is sent a foreign realm may be asked, over TLS and as what it is") {
  const auto anonymous = [](std::string_view realm) {
    return decide_realm(realm, registry::make_host("r.test", 443), {{"https", "r.test", 443}, {}, true});
  };
  const auto made = anonymous("https://ghcr.test/token?x=y");
  CHECK(shown(made) == "no credential is sent there: https://ghcr.test/token?x=y");
  CHECK(made.foreign);
  CHECK(made.config_line == R"(realms = ["https://ghcr.test/token"])");
  CHECK_FALSE(anonymous("https://r.test/token").foreign);
  for (const auto* realm : {"http://ghcr.test/token", "https://u@ghcr.test/token", "https://ghcr.test/token#x",
                            "ftp://x/", "https://ghcr.test:1:2/"}) {
    CAPTURE(realm);
    CHECK_FALSE(anonymous(realm).allowed);
  }
}

TEST_CASE("T09: built-in pairs hold for exactly their registry") {
  const where hub{"docker.io", {"https", "registry-1.docker.io", 443}, {}};
  CHECK(shown(decide("https://auth.docker.io/token", hub)) ==
        "built-in pair of docker.io: https://auth.docker.io/token");
  const where gitlab{"registry.gitlab.com", {"https", "registry.gitlab.com", 443}, {}};
  CHECK(decide("https://gitlab.com/jwt/auth", gitlab).allowed);
  CHECK(decide("https://authn.nvidia.com/token", {"nvcr.io", {"https", "nvcr.io", 443}, {}}).allowed);
  CHECK(decide("https://nvcr.io/proxy_auth", {"nvcr.io", {"https", "nvcr.io", 443}, {}}).allowed);
  CHECK_FALSE(decide("https://auth.docker.io/token").allowed);
  CHECK_FALSE(decide("https://auth.docker.io/token", gitlab).allowed);
  CHECK_FALSE(decide("https://gitlab.com/jwt/auth", hub).allowed);
  CHECK_FALSE(decide("https://auth.docker.io:8443/token", hub).allowed);
  CHECK_FALSE(decide("http://auth.docker.io/token", hub).allowed);
  CHECK_FALSE(decide("https://auth.docker.io.evil.test/token", hub).allowed);
  CHECK_FALSE(decide("https://evil-auth.docker.io/token", hub).allowed);
  const where other_port{"docker.io:5000", {"https", "docker.io", 5000}, {}};
  CHECK_FALSE(decide("https://auth.docker.io/token", other_port).allowed);
}

TEST_CASE("T10: disguises of a realm are refused") {
  struct row {
    std::string_view realm, reason;
  };
  const auto [realm, reason] = GENERATE(values<row>({
      {"", "the challenge names no realm"},
      {"https://r.test/token#x", "the realm has a fragment"},
      {"https://r.test/to ken", "the realm has a byte that no URL may have"},
      {"https://r.test/token\r\nX: y", "the realm has a byte that no URL may have"},
      {"https://r.test/t\xc3\xb6ken", "the realm has a byte that no URL may have"},
      {std::string_view("https://r.test/\0", 16), "the realm has a byte that no URL may have"},
      {"https://r.test@evil.test/token", "the realm is no usable URL"},
      {"https://u:p@r.test/token", "the realm is no usable URL"},
      {"ftp://r.test/token", "the realm is no usable URL"},
      {"file:///etc/passwd", "the realm is no usable URL"},
      {"javascript:alert(1)", "the realm is no usable URL"},
      {"https:///token", "the realm is no usable URL"},
      {"https://r.test:9080:9080/token", "the realm is no usable URL"},
      {"https://r.test:%!s(<nil>)/v2/token", "the realm is no usable URL"},
      {"https://r.test\\@evil.test/", "the realm is no usable URL"},
      {"http://r.test/token", "the realm is plain HTTP"},
      {"http://evil.test/token", "the realm is plain HTTP"},
  }));
  CAPTURE(realm);
  const auto made = decide(realm);
  CHECK_FALSE(made.allowed);
  CHECK_THAT(made.why, Catch::StartsWith(std::string(reason)));
  CHECK(made.config_line.empty());
}

TEST_CASE("T10: another port, a subdomain or a suffix is another origin") {
  for (const auto realm : {"https://r.test:8443/token", "https://a.r.test/token", "https://r.test.evil.test/token",
                           "https://xr.test/token", "https://127.0.0.1/token", "//evil.test/token"}) {
    CAPTURE(realm);
    CHECK_FALSE(decide(realm).allowed);
  }
}

TEST_CASE("T10: a registry of plain HTTP may have its own realm in plain HTTP, and no other") {
  const where plain{"r.test:5000", {"http", "r.test", 5000}, {"http://auth.test/token", "https://safe.test/token"}};
  CHECK(decide("http://r.test:5000/token", plain).allowed);
  CHECK(decide("/token", plain).allowed);
  CHECK_FALSE(decide("http://auth.test/token", plain).allowed);
  CHECK_FALSE(decide("http://r.test/token", plain).allowed);
  CHECK_FALSE(decide("https://r.test:5000/token", plain).allowed);
  CHECK(decide("https://safe.test/token", plain).allowed);
}

TEST_CASE("approved realms hold by origin and by path prefix at a slash") {
  struct row {
    std::string_view approved, realm;
    bool allowed;
  };
  const auto [approved, realm, allowed] = GENERATE(values<row>({
      {"https://auth.test/token", "https://auth.test/token", true},
      {"https://auth.test/token", "https://AUTH.test:443/token?service=x", true},
      {"https://auth.test/token", "https://auth.test/token/sub", true},
      {"https://auth.test/token/", "https://auth.test/token/sub", true},
      {"https://auth.test", "https://auth.test/any/path", true},
      {"https://auth.test/", "https://auth.test/any/path", true},
      {"https://auth.test/token", "https://auth.test/tokens", false},
      {"https://auth.test/token", "https://auth.test/", false},
      {"https://auth.test/token", "https://auth.test/Token", false},
      {"https://auth.test/token", "https://auth.test:8443/token", false},
      {"https://auth.test/token", "https://evil.test/token", false},
      {"https://auth.test/token", "https://auth.test.evil.test/token", false},
      {"https://auth.test/token", "https://auth.test/token/../evil", false},
      {"https://auth.test/token", "https://auth.test/token/..", false},
      {"https://auth.test/token", "https://auth.test/token/%2e%2e/evil", false},
      {"https://auth.test/token", "https://auth.test/token/.%2E/evil", false},
      {"https://auth.test/token", "https://auth.test/token/x%2f..%2fevil", false},
      {"https://auth.test/token", "https://auth.test/token%2f..%2fevil", false},
      {"https://auth.test/token", "https://auth.test/evil?/token", false},
      {"nonsense", "https://auth.test/token", false},
  }));
  CAPTURE(approved, realm);
  const auto made = decide(realm, {.approved = {"https://unrelated.test/", std::string(approved)}});
  CHECK(made.allowed == allowed);
  CHECK((!made.allowed || made.why == "approved by realms"));
}

TEST_CASE("a realm cut at any place never reaches a host that the whole did not name") {
  const std::string_view whole = "https://r.test:443/service/token?service=harbor";
  for (std::size_t cut = 0; cut < whole.size(); ++cut) {
    const auto made = decide(whole.substr(0, cut));
    if (made.allowed) CHECK(made.url.origin == http::origin{"https", "r.test", 443});
  }
}

}  // namespace regpass::auth
