#include "auth/observed.hpp"

#include "regpass/base/text.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace regpass;
using namespace regpass::auth;

namespace {

http::request_head request(std::string method, std::string target) {
  http::request_head made;
  made.method = std::move(method);
  made.target = std::move(target);
  return made;
}

const http::origin at{"https", "auth.test", 443};

}  // namespace

TEST_CASE("A client's own token request is read from its query, its user from Basic") {
  auto head =
      request("GET", "/token?service=harbor%2Dregistry&scope=repository:a/b:pull&scope=repository:c/d:pull,push");
  head.headers.add("Authorization", "basic " + base64("robot$ci:canary"));
  const auto read = read_token_request(head, at);
  REQUIRE(read);
  CHECK(read->service == "harbor-registry");
  CHECK(registry::to_text(read->scopes) == "repository:a/b:pull repository:c/d:pull,push");
  CHECK(read->realm.target == "/token");
  REQUIRE(read->credential);
  CHECK(read->credential->username == "robot$ci");
  CHECK(read->credential->value.empty());
}

TEST_CASE("Of a form only the fact is known, and what is no token request is none") {
  auto form = request("POST", "/token");
  CHECK_FALSE(read_token_request(form, at));
  form.headers.add("Content-Type", "application/x-www-form-urlencoded");
  const auto read = read_token_request(form, at);
  REQUIRE(read);
  CHECK(read->how == token_request::form::post);
  CHECK_FALSE(read_token_request(request("GET", "/token"), at));
  CHECK_FALSE(read_token_request(request("GET", "/?scope=%zz"), at));
  CHECK_FALSE(read_token_request(request("HEAD", "/token?service=x"), at));
}

TEST_CASE("A scope that is none does not spoil the rest of a token request") {
  const auto read = read_token_request(request("GET", "/token?service=x&scope=%00"), at);
  REQUIRE(read);
  CHECK(read->service == "x");
}
