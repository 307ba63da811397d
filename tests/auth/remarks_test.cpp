// What credentials say of themselves, read before they are sent.
#include "regpass/auth/remarks.hpp"

#include "regpass/base/text.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

namespace regpass::auth {
namespace {

std::vector<std::string> said(const std::string& host, const std::string& user, const std::string& password,
                              credential_kind kind = credential_kind::basic) {
  const credential one{
      .kind = kind, .username = user, .value = secret(password), .source = "config.json", .key = host, .generation = 1};
  return remarks_on(one, registry::make_host(host, 443));
}

std::string url_base64(std::string text) {
  text = base64(text);
  std::ranges::replace(text, '+', '-');
  std::ranges::replace(text, '/', '_');
  text.erase(text.find_last_not_of('=') + 1);
  return text;
}

std::string jwt(const std::string& claims) {
  return url_base64(R"({"alg":"none"})") + "." + url_base64(claims) + ".x";
}

const std::string ecr = "123456789012.dkr.ecr.eu-central-1.amazonaws.com";
using strings = std::vector<std::string>;

TEST_CASE("an ECR password says when it ends, or that it was not decoded") {
  CHECK(said(ecr, "AWS", base64(R"({"payload":"x","expiration":1785600000})")) ==
        strings{"the ECR password expires at 2026-08-01T16:00:00.000Z"});
  CHECK(said(ecr, "AWS", base64("AWS:secret")) ==
        strings{"the password is an authorizationToken of ECR that was not decoded"});
  CHECK(said(ecr, "AWS", "anything else").empty());
  CHECK(said("registry.test", "AWS", base64("AWS:secret")).empty());
}

TEST_CASE("a Google key must be what the user name promises") {
  const std::string key = R"({"type":"service_account","project_id":"p"})";
  CHECK(said("gcr.io", "_json_key", key).empty());
  CHECK(said("europe-west1-docker.pkg.dev", "_json_key_base64", base64(key)).empty());
  CHECK(said("gcr.io", "_json_key", base64(key)).size() == 1);
  CHECK(said("gcr.io", "_json_key_base64", key).size() == 1);
  CHECK(said("gcr.io", "oauth2accesstoken", "ya29.x") ==
        strings{"the password is a Google access token, which lives for an hour"});
  CHECK(said("registry.test", "_json_key", "x").empty());
}

TEST_CASE("tokens that can be read say when they end and whom they are for") {
  const std::string null_user = "00000000-0000-0000-0000-000000000000";
  CHECK(said("team.azurecr.io", null_user, jwt(R"({"aud":"other.azurecr.io","exp":1785600000})")) ==
        strings{"the refresh token expires at 2026-08-01T16:00:00.000Z", "the refresh token is for other.azurecr.io"});
  CHECK(said("registry.test", "", jwt(R"({"exp":1785600000})"), credential_kind::bearer) ==
        strings{"the registrytoken expires at 2026-08-01T16:00:00.000Z"});
  CHECK(said("registry.test", "", "opaque", credential_kind::bearer).empty());
}

TEST_CASE("no remark holds the secret") {
  for (const auto* user : {"AWS", "_json_key", "_json_key_base64", "oauth2accesstoken", "gitlab-ci-token",
                           "00000000-0000-0000-0000-000000000000"}) {
    for (const auto* host : {"gcr.io", "123456789012.dkr.ecr.eu-central-1.amazonaws.com", "gitlab.example.com"}) {
      for (const auto& one : said(host, user, "canary-password")) {
        CHECK(one.find("canary") == std::string::npos);
      }
    }
  }
}

}  // namespace
}  // namespace regpass::auth
