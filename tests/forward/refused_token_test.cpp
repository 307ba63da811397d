// Tokens that the registry refuses although they are fresh.
#include "support/proxy_under_test.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <thread>

using namespace regpass;
using namespace regpass::testing;
using namespace std::chrono_literals;

namespace {

const std::string manifest = "/v2/team-a/app/manifests/1";
const std::string uploads = "/v2/team-a/app/blobs/uploads/";

}  // namespace

TEST_CASE("A7: a token refused when fresh is not asked for again with every request") {
  token_scene scene;
  const bool opaque = GENERATE(false, true);
  if (opaque) scene.tokens.opaque();
  scene.registry.requirement(scene.tokens.challenge(R"(,error="invalid_token")"),
                             [](const std::string&) { return false; });
  const auto [method, target, body] = GENERATE(table<std::string, std::string, std::string>(
      {{"GET", manifest, ""}, {"POST", uploads, ""}, {"PUT", manifest, "{}"}}));
  auto client = scene.inside();
  const auto began = std::chrono::steady_clock::now();
  for (int i = 0; i < 100; ++i) {
    const auto got = client.ask(method, target, {}, body);
    CHECK(got.status == 403);
    CHECK(got.has("X-Regpass-Cause"));
  }
  const auto took = std::chrono::steady_clock::now() - began;
  CHECK(scene.tokens.count() <= static_cast<std::size_t>(2 + took / 3s));
  // Each request was put to the registry, whose own answer reached the client.
  CHECK(scene.registry.count(method, target) >= 100);
}

TEST_CASE("A7: a fresh token that is refused in passing serves again as soon as the registry takes it") {
  token_scene scene;
  scene.registry.on("GET", manifest).body("{}");
  scene.registry.requirement(scene.tokens.challenge(), [](const std::string&) { return false; });
  auto client = scene.inside();
  for (int i = 0; i < 3; ++i) CHECK(client.ask("GET", manifest).status == 403);
  scene.tokens.guard(scene.registry);
  CHECK(client.ask("GET", manifest).status == 200);
  CHECK(scene.tokens.count() == 1);
}

TEST_CASE("A7: where another token is what helps, it is asked for within seconds") {
  token_scene scene;
  scene.registry.on("GET", manifest).body("{}");
  scene.registry.requirement(scene.tokens.challenge(), [](const std::string&) { return false; });
  auto client = scene.inside();
  for (int i = 0; i < 3; ++i) CHECK(client.ask("GET", manifest).status == 403);
  scene.tokens.take_back_all();
  scene.tokens.guard(scene.registry);
  CHECK(holds_soon(
      [&] {
        std::this_thread::sleep_for(100ms);
        return client.ask("GET", manifest).status == 200;
      },
      15s));
  CHECK(scene.tokens.count() == 2);
}

TEST_CASE("A7: another credential, and another scope, are asked about at once") {
  token_scene scene;
  scene.registry.requirement(scene.tokens.challenge(), [](const std::string&) { return false; });
  auto client = scene.inside();
  for (int i = 0; i < 3; ++i) CHECK(client.ask("GET", manifest).status == 403);
  CHECK(scene.tokens.count() == 1);
  CHECK(client.ask("GET", "/v2/team-b/app/manifests/1").status == 403);
  CHECK(scene.tokens.count() == 2);
  scene.proxy.credential(scene.registry.authority(), auth::credential_kind::basic, "bob");
  CHECK(client.ask("GET", manifest).status == 403);
  CHECK(scene.tokens.count() == 3);
}

TEST_CASE("A7: that a wider token was refused keeps nobody from asking for a narrower one") {
  token_scene scene;
  if (GENERATE(false, true)) scene.tokens.opaque();
  scene.registry.requirement(scene.tokens.challenge(), [&](const std::string& one) {
    return scene.tokens.allows(one, "repository:team-a/app:pull");
  });
  scene.registry.on("*", "*").body("{}");
  auto client = scene.inside();
  CHECK(client.ask("POST", uploads).status == 403);
  for (int i = 0; i < 3; ++i) CHECK(client.ask("GET", manifest).status == 200);
  for (int i = 0; i < 3; ++i) CHECK(client.ask("POST", uploads).status == 403);
  CHECK(scene.tokens.count() == 2);
}

TEST_CASE("A7: a token that was good once is replaced at once when it is refused") {
  token_scene scene;
  scene.registry.on("GET", manifest).body("{}");
  auto client = scene.inside();
  for (std::size_t i = 1; i <= 5; ++i) {
    CHECK(client.ask("GET", manifest).status == 200);
    CHECK(scene.tokens.count() == i);
    scene.tokens.take_back_all();
  }
}
