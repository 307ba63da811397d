// Expect: 100-continue is the registry's to answer: a body that it does not want is never asked of the client.
#include "support/h2_raw_client.hpp"
#include "support/proxy_under_test.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace regpass;
using namespace regpass::testing;
using namespace std::chrono_literals;

namespace {

const std::string upload = "/v2/team-a/app/blobs/uploads/1";
const std::string refusal = R"({"errors":[{"code":"DENIED","message":"the quota is used up"}]})";
const header_list expecting{{"Content-Length", "5"}, {"Expect", "100-continue"}};

// The registry by both versions of HTTP.
struct expect_scene : open_scene {
  explicit expect_scene(bool h2) {
    if (h2) registry.speak_h2();
    proxy.serve(registry, [](auto& options) { options.http2 = forward::http2_use::always; });
  }
};

}  // namespace

TEST_CASE("R9: an upload that the registry refuses is refused before its body is sent", "[expect]") {
  expect_scene scene(GENERATE(false, true));
  scene.registry.on("PUT", upload).answer(403, "Forbidden").body(refusal).early();
  auto client = scene.inside();
  client.request("PUT", upload, expecting);
  CHECK(client.receive("PUT").status == 403);
  CHECK(client.interims() == 0);
  const auto seen = scene.registry.requests("PUT", upload);
  REQUIRE(seen.size() == 1);
  CHECK(seen[0].field("Expect") == "100-continue");
  CHECK(seen[0].body_size == 0);
}

TEST_CASE("R9: the same for a client of HTTP/2", "[expect]") {
  expect_scene scene(GENERATE(false, true));
  scene.registry.on("PUT", upload).answer(403, "Forbidden").body(refusal).early();
  h2_raw_client client(scene.proxy.port(), scene.registry.authority());
  const auto got = client.receive(client.begin("PUT", upload, 5, {{"Expect", "100-continue"}}));
  CHECK(got.status == 403);
  CHECK(got.interims == 0);
  CHECK(scene.registry.requests("PUT", upload).front().body_size == 0);
}

TEST_CASE("R9: the registry's 100 invites the client, and the body follows", "[expect]") {
  expect_scene scene(GENERATE(false, true));
  scene.registry.on("PUT", upload).answer(201, "Created").invite();
  auto client = scene.inside();
  client.request("PUT", upload, expecting);
  REQUIRE(client.readable(5s));
  client.send("layer");
  CHECK(client.receive("PUT").status == 201);
  CHECK(client.interims() == 1);
  CHECK(scene.registry.requests("PUT", upload).front().body == "layer");
  CHECK(client.ask("PUT", upload, {}, "again").status == 201);  // the connection serves on
}

TEST_CASE("R9: a client of HTTP/2 is invited by the registry's 100", "[expect]") {
  expect_scene scene(GENERATE(false, true));
  scene.registry.on("PUT", upload).answer(201, "Created").invite();
  h2_raw_client client(scene.proxy.port(), scene.registry.authority());
  const auto stream = client.begin("PUT", upload, 5, {{"Expect", "100-continue"}});
  REQUIRE(client.receive_interim(stream));
  client.end(stream, "layer");
  const auto got = client.receive(stream);
  CHECK(got.status == 201);
  CHECK(got.interims == 1);
  CHECK(scene.registry.requests("PUT", upload).front().body == "layer");
}

TEST_CASE("R9: a registry that ignores Expect gets the body after a short while", "[expect]") {
  expect_scene scene(GENERATE(false, true));
  scene.registry.on("PUT", upload).answer(201, "Created");
  auto client = scene.inside();
  client.request("PUT", upload, expecting);
  REQUIRE(client.readable(5s));
  client.send("layer");
  CHECK(client.receive("PUT").status == 201);
  CHECK(client.interims() == 1);
  CHECK(scene.registry.requests("PUT", upload).front().body == "layer");
}

TEST_CASE("R9: a client that does not wait for its 100 is served all the same", "[expect]") {
  expect_scene scene(GENERATE(false, true));
  auto& answer = scene.registry.on("PUT", upload).answer(201, "Created");
  if (GENERATE(false, true)) answer.invite();
  auto client = scene.inside();
  client.request("PUT", upload, expecting);
  client.send("layer");
  CHECK(client.receive("PUT").status == 201);
  CHECK(scene.registry.requests("PUT", upload).front().body == "layer");
}

TEST_CASE("R9: a refusal reaches a client that has sent its body without waiting", "[expect]") {
  expect_scene scene(GENERATE(false, true));
  scene.registry.on("PUT", upload).answer(403, "Forbidden").body(refusal).early();
  auto client = scene.inside();
  client.request("PUT", upload, {{"Content-Length", "60000"}, {"Expect", "100-continue"}});
  client.send(pattern(0, 60'000));
  const auto got = client.receive("PUT");
  CHECK(got.status == 403);
  CHECK(got.complete);
}

TEST_CASE("R9: a token that expired meanwhile is renewed before the body is asked for", "[expect]") {
  token_scene scene;
  scene.registry.on("PUT", upload).answer(201, "Created").times(1);
  scene.registry.on("PUT", upload).times(1).answer(401).header("WWW-Authenticate", scene.tokens.challenge()).early();
  scene.registry.on("PUT", upload).answer(201, "Created").invite();
  auto client = scene.inside();
  CHECK(client.ask("PUT", upload, {}, "first").status == 201);
  client.request("PUT", upload, expecting);
  REQUIRE(client.readable(5s));
  client.send("layer");
  CHECK(client.receive("PUT").status == 201);
  CHECK(scene.tokens.count() == 2);
  const auto seen = scene.registry.requests("PUT", upload);
  REQUIRE(seen.size() >= 3);
  CHECK(seen[seen.size() - 2].body_size == 0);
  CHECK(seen.back().body == "layer");
  CHECK(seen.back().authorization() != seen[seen.size() - 2].authorization());
}

TEST_CASE("R9: nobody who did not ask has an Expect sent for it", "[expect]") {
  expect_scene scene(GENERATE(false, true));
  scene.registry.on("PUT", upload).answer(201, "Created");
  auto client = scene.inside();
  CHECK(client.ask("PUT", upload, {}, "layer").status == 201);
  CHECK_FALSE(scene.registry.requests("PUT", upload).front().has("Expect"));
}

TEST_CASE("R9: a client that leaves while the registry has not answered its Expect leaves nothing behind", "[expect]") {
  expect_scene scene(GENERATE(false, true));
  scene.registry.on("PUT", upload).silent().early();
  {
    auto client = scene.inside();
    client.request("PUT", upload, expecting);
    REQUIRE(holds_soon([&] { return scene.registry.count("PUT", upload) == 1; }));
  }
  CHECK(scene.proxy.at_rest());
}
