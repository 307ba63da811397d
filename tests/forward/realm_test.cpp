// Which token server may see a registry's credential, and what it is asked (T06, T09, T10, T12).
#include "support/proxy_under_test.hpp"

#include <catch2/catch.hpp>

#include <thread>

using namespace regpass;
using namespace regpass::testing;
using namespace std::chrono_literals;

namespace {

const std::string manifest = "/v2/team-a/app/manifests/1";

// A registry that lets nobody in and names this realm.
struct foreign_scene {
  explicit foreign_scene(const std::string& realm) {
    name(realm);
    proxy.serve(registry);
    proxy.credential(registry.authority());
  }
  void name(const std::string& realm) {
    registry.requirement("Bearer realm=\"" + realm + "\",service=\"s\"", [](const std::string&) { return false; });
  }
  raw_client inside() const { return proxy.inside(registry.authority()); }

  fake_server registry;
  proxy_under_test proxy;
};

}  // namespace

TEST_CASE(
    "T09 a realm of another origin gets nothing, not even a connection, and the refusal says what would allow it") {
  fake_token_server canary;
  foreign_scene scene(canary.realm());
  auto client = scene.inside();
  const auto [method, target] = GENERATE(table<std::string, std::string>(
      {{"GET", manifest}, {"HEAD", manifest}, {"POST", "/v2/team-a/app/blobs/uploads/"}, {"GET", "/v2/_catalog"}}));
  scene.proxy.serve(scene.registry, [](forward::registry_options& options) { options.policy.catalog = true; });
  const auto got = client.ask(method, target);
  CHECK(got.status == 403);
  CHECK(got.field("X-Regpass-Cause") == "realm-refused");
  CHECK(got.reason.find("realms") != std::string::npos);
  CHECK(canary.server().connections() == 0);
  for (const auto& one : scene.registry.requests()) CHECK(one.authorization().empty());
  REQUIRE(scene.proxy.finished()[0].explanation.has_value());
  const auto fix = scene.proxy.finished()[0].explanation->fix;
  CHECK(
      std::ranges::any_of(fix, [&](const std::string& one) { return one.find(canary.realm()) != std::string::npos; }));
}

TEST_CASE("T09 with a body, too, nothing goes to a foreign realm, and the body stays here") {
  fake_token_server canary;
  foreign_scene scene(canary.realm());
  auto client = scene.inside();
  CHECK(client.ask("PUT", manifest, {}, "{}").status == 403);
  CHECK(canary.server().connections() == 0);
  CHECK(scene.registry.count("PUT", "") == 0);  // the probe was enough
}

TEST_CASE("T10 a realm in disguise is refused whatever is approved") {
  fake_token_server canary;
  fake_token_server plain(fake_server::scheme::http);
  foreign_scene scene("");
  const auto port = std::to_string(canary.server().port());
  const std::vector<std::string> realms{
      plain.realm(),
      "https://user@127.0.0.1:" + port + "/token",
      canary.realm() + "#x",
      "HTTPS://127.0.0.1:" + port + "/token/../other",
      canary.realm() + "extra",
      "//127.0.0.1:" + port + "/elsewhere",
      "ftp://127.0.0.1:" + port + "/token",
      "https:127.0.0.1:" + port + "/token",
      "https://127.0.0.1:" + port + "\\token",
      "https://127.1:" + port + "/token",
      "https://2130706433:" + port + "/token",
      "",
  };
  const auto& realm = realms[static_cast<std::size_t>(GENERATE(range(0, 12)))];
  INFO(realm);
  scene.name(realm);
  scene.proxy.serve(scene.registry,
                    [&](forward::registry_options& options) { options.realms = {canary.realm(), plain.realm()}; });
  auto client = scene.inside();
  CHECK(client.ask("GET", manifest).status == 403);
  CHECK(canary.server().connections() == 0);
  CHECK(plain.server().connections() == 0);
  for (const auto& one : scene.registry.requests()) CHECK(one.authorization().empty());
}

TEST_CASE("A realm of the registry's own origin needs no approval, however it is written") {
  foreign_scene scene("");
  const std::vector<std::string> realms{scene.registry.url("/service/token"), "/service/token", "../service/token"};
  const auto& realm = realms[GENERATE(0U, 1U, 2U)];
  scene.registry.on("GET", "/service/token").body(R"({"token":"canary-token-own"})");
  scene.registry.on("GET", manifest)
      .when([](const received& one) { return one.authorization() == "Bearer canary-token-own"; })
      .body("{}");
  scene.registry.on("GET", manifest).answer(401).header("WWW-Authenticate", "Bearer realm=\"" + realm + "\"");
  scene.registry.requirement("", [](const std::string&) { return true; });
  auto client = scene.inside();
  CHECK(client.ask("GET", manifest).status == 200);
  CHECK(scene.registry.count("GET", "/service/token") == 1);
}

TEST_CASE("T09 what is approved for one registry is not for another") {
  token_scene scene;
  fake_server second;
  scene.tokens.guard(second);
  scene.proxy.serve(second);
  scene.proxy.credential(second.authority());
  auto client = scene.proxy.inside(second.authority());
  CHECK(client.ask("GET", manifest).status == 403);
  CHECK(scene.tokens.server().connections() == 0);
}

TEST_CASE("T09 a realm whose approval was taken back gets nothing more, though the registry's challenge is known") {
  token_scene scene;
  scene.registry.on("*", "*").body("{}");
  auto client = scene.inside();
  CHECK(client.ask("GET", manifest).status == 200);
  scene.proxy.serve(scene.registry);
  const auto got = client.ask("GET", "/v2/team-b/app/manifests/1");
  CHECK(got.status == 403);
  CHECK(got.field("X-Regpass-Cause") == "realm-refused");
  CHECK(got.body.find(scene.tokens.realm()) != std::string::npos);
  CHECK(scene.tokens.count() == 1);
}

TEST_CASE("T09 a realm whose approval was taken back is not asked to renew a token either") {
  token_scene scene;
  scene.tokens.expires_in(4);
  scene.registry.on("*", "*").body("{}");
  auto client = scene.inside();
  CHECK(client.ask("GET", manifest).status == 200);
  scene.proxy.serve(scene.registry);
  std::this_thread::sleep_for(3250ms);
  CHECK(client.ask("GET", manifest).status == 200);  // the token is the registry's, and still good
  std::this_thread::sleep_for(100ms);
  CHECK(scene.tokens.count() == 1);
  scene.proxy.serve(scene.registry,
                    [&](forward::registry_options& options) { options.realms = {scene.tokens.realm()}; });
  CHECK(client.ask("GET", manifest).status == 200);
  CHECK(holds_soon([&] { return scene.tokens.count() == 2; }));
}

TEST_CASE("T12 nothing in a challenge changes what the token server is asked, and it widens no scope (T06)") {
  token_scene scene;
  scene.registry.on("GET", manifest).body("{}");
  const auto good = [&](const std::string& value) { return scene.tokens.is_good(value); };
  scene.registry.requirement("Bearer realm=\"" + scene.tokens.realm() +
                                 "?scope=registry:catalog:*&x=1&account=root\"," +
                                 R"(service="a&scope=repository:secret:pull#\"",scope="repository:secret:pull,push")",
                             good);
  auto client = scene.inside();
  CHECK(client.ask("GET", manifest).status == 200);
  const auto asked = scene.tokens.asked();
  REQUIRE(asked.size() == 1);
  CHECK(asked[0].scopes == std::vector<std::string>{"repository:team-a/app:pull"});
  CHECK(asked[0].service == "a&scope=repository:secret:pull#\"");
  CHECK(asked[0].account == "alice");
  CHECK(scene.tokens.server().requests()[0].target.find("x=1") != std::string::npos);
}

TEST_CASE("T12 a challenge that cannot be read, or passes its bounds, is no reason to send anything anywhere") {
  token_scene scene;
  const std::vector<std::string> challenges{
      "Bearer realm=\"" + scene.tokens.realm(),
      "Bearer realm=\"" + scene.tokens.realm() + "\",realm=\"" + scene.tokens.realm() + "\"",
      "Bearer realm=\"" + scene.tokens.realm() + "\",x=\"" + std::string(9000, 'a') + "\"",
      "Negotiate",
      "Bearer",
  };
  scene.registry.requirement(challenges[static_cast<std::size_t>(GENERATE(range(0, 5)))],
                             [](const std::string&) { return false; });
  auto client = scene.inside();
  const auto got = client.ask("GET", manifest);
  CHECK(got.status == 403);
  CHECK_FALSE(got.has("WWW-Authenticate"));
  CHECK(scene.tokens.count() == 0);
  CHECK(scene.registry.requests().size() == 1);
}

TEST_CASE("A Basic challenge in answer to a token does not turn a token registry into a Basic one") {
  token_scene scene;
  scene.registry.on("*", "*").body("{}");
  auto client = scene.inside();
  CHECK(client.ask("GET", manifest).status == 200);
  // As Harbor does it.
  scene.registry.requirement("", [](const std::string&) { return true; });
  scene.registry.on("*", "*");
  fake_server& registry = scene.registry;
  scene.tokens.take_back_all();
  registry.requirement(R"(Basic realm="harbor")",
                       [&](const std::string& value) { return scene.tokens.is_good(value); });
  CHECK(client.ask("GET", manifest).status == 200);
  CHECK(client.ask("GET", "/v2/team-b/app/manifests/1").status == 200);
  CHECK(client.ask("GET", manifest).status == 200);
  CHECK(scene.tokens.count() == 3);
  for (const auto& one : registry.requests()) CHECK_FALSE(one.authorization().starts_with("Basic"));
}
