// authorization = "add": a client that has a login of its own uses it, one that has none is helped.
#include "support/proxy_under_test.hpp"

#include <catch2/catch.hpp>

using namespace regpass;
using namespace regpass::testing;

namespace {

const std::string manifest = "/v2/team-a/app/manifests/1";
const std::string uploads = "/v2/team-a/app/blobs/uploads/";
const std::string scope = "scope=repository%3Ateam-a%2Fapp%3Apull%2Cpush";

// Its token server gives everybody a token; nobody's allows nothing.
struct own_login_scene : token_scene {
  own_login_scene() {
    proxy.serve(registry, [&](forward::registry_options& options) {
      options.realms = {tokens.realm()};
      options.injection = auth::injection::add;
    });
    tokens.grants_anonymous("");
    registry.requirement(tokens.challenge(), [this](const std::string& value) { return allows_something(value); });
    registry.on("GET", "/v2/").body("{}");
    registry.on("GET", manifest).body("{}");
    registry.on("HEAD", manifest).body("{}");
    registry.on("POST", uploads).answer(202, "Accepted").header("Location", uploads + "1");
  }
  bool allows_something(const std::string& value) const {
    return tokens.is_good(value) && !tokens.subject_of(value).empty();
  }
  // As a client does it: the token server is asked directly.
  std::string token(const std::string& user, const std::string& password) const {
    return tokens.issue_to(user, password, "repository:team-a/app:pull,push");
  }
  std::string subject_at_registry() const { return tokens.subject_of(registry.requests().back().authorization()); }
};

}  // namespace

TEST_CASE("R3d: in add mode the challenge reaches a client, which may have a login", "[login]") {
  own_login_scene scene;
  auto client = scene.inside();
  const auto [method, target] = GENERATE_COPY(
      table<std::string, std::string>({{"GET", "/v2/"}, {"GET", manifest}, {"HEAD", manifest}, {"POST", uploads}}));
  INFO(method << " " << target);
  for (int again = 0; again < 2; ++again) {
    const auto got = client.ask(method, target);
    CHECK(got.status == 401);
    CHECK(got.field("WWW-Authenticate") == scene.tokens.challenge());
  }
  for (const auto& one : scene.registry.requests()) CHECK(one.authorization().empty());
  for (const auto& one : scene.tokens.asked()) CHECK(one.authorization.empty());
  // It is the beginning of a login, and no failure.
  CHECK_FALSE(scene.proxy.finished(2).back().explanation.has_value());
}

TEST_CASE("R3d: in add mode a client's own token is what the registry gets", "[login]") {
  own_login_scene scene;
  auto client = scene.inside();
  REQUIRE(client.ask("POST", uploads).status == 401);
  const auto own = "Bearer " + scene.token("carol", "canary-own");
  CHECK(client.ask("POST", uploads, {{"Authorization", own}}).status == 202);
  CHECK(scene.subject_at_registry() == "carol");
}

TEST_CASE("R3d: in add mode a client that comes back with nobody's token is helped", "[login]") {
  own_login_scene scene;
  auto client = scene.inside();
  REQUIRE(client.ask("GET", manifest).status == 401);
  const auto nobodys = (GENERATE(true, false) ? "Bearer " : "bearer ") + scene.token("", "");
  CHECK(client.ask("GET", manifest, {{"Authorization", nobodys}}).status == 200);
  CHECK(scene.subject_at_registry() == "alice");
  CHECK(client.ask("POST", uploads, {{"Authorization", nobodys}}).status == 202);
  CHECK(scene.subject_at_registry() == "alice");
}

TEST_CASE("R3d: in add mode somebody's token that does not do is not helped with ours", "[login]") {
  own_login_scene scene;
  scene.registry.requirement(scene.tokens.challenge(),
                             [&](const std::string& value) { return scene.tokens.subject_of(value) == "alice"; });
  auto client = scene.inside();
  const auto own = "Bearer " + scene.token("carol", "canary-own");
  CHECK(client.ask("POST", uploads, {{"Authorization", own}}).status == 403);
  for (const auto& one : scene.registry.requests()) CHECK(scene.tokens.subject_of(one.authorization()) != "alice");
}

TEST_CASE("R3d: where nobody gets a token that says so, a client without Authorization is helped at once", "[login]") {
  own_login_scene scene;
  SECTION("the token server knows no anonymous clients") {
    scene.tokens.server()
        .on("GET", "/token")
        .when([](const received& one) { return one.authorization().empty(); })
        .answer(401, "No");
  }
  SECTION("its tokens cannot be read") {
    scene.tokens.opaque();
    scene.tokens.guard(scene.registry);
  }
  SECTION("the registry wants Basic") {
    scene.registry.requirement("Basic realm=\"r\"",
                               [](const std::string& value) { return value.starts_with("Basic "); });
  }
  auto client = scene.inside();
  CHECK(client.ask("GET", manifest).status == 200);
  CHECK(client.ask("POST", uploads).status == 202);
  CHECK_FALSE(scene.registry.requests().back().authorization().empty());
}

TEST_CASE("R3d: in add mode a registry without a credential here is the client's own affair", "[login]") {
  own_login_scene scene;
  scene.proxy.change([](forward::snapshot& from) { from.credentials.entries.clear(); });
  auto client = scene.inside();
  const auto got = client.ask("GET", manifest);
  CHECK(got.status == 401);
  CHECK(got.field("WWW-Authenticate") == scene.tokens.challenge());
  CHECK(scene.tokens.count() == 0);
}
