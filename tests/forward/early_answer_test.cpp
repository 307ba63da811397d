// Answers that come before the request is over (docs/clients.md, rule 7), and clients that never finish.
#include "support/proxy_under_test.hpp"

#include <catch2/catch.hpp>

using namespace regpass;
using namespace regpass::testing;
using namespace std::chrono_literals;

namespace {

const std::string blob = "/v2/team-a/app/blobs/" + digest_of("layer");
const std::string upload = "/v2/team-a/app/blobs/uploads/state?digest=" + digest_of("layer");
constexpr std::size_t size = 24 * 1024 * 1024;
const header_list counted{{"Content-Length", std::to_string(size)}};

engine_settings hasty() {
  engine_settings settings;
  settings.bounds.idle_for = 400ms;
  return settings;
}

}  // namespace

TEST_CASE("After an early answer of the registry the upload is read to its end, and the connection serves on") {
  open_scene scene;
  auto& answer = scene.registry.on("PUT", upload).answer(413, "Too Large").body("{}").early();
  if (GENERATE(false, true)) answer.early_and_close();
  scene.registry.on("GET", blob).body("layer");
  auto client = scene.inside();
  client.request("PUT", upload, counted);
  client.send(pattern(0, 100'000));
  CHECK(client.receive("PUT").status == 413);
  CHECK(client.send(pattern(100'000, size - 100'000)));
  CHECK(client.ask("GET", blob).body == "layer");
}

TEST_CASE("A client that writes everything before it reads gets the early answer then") {
  open_scene scene;
  auto& answer = scene.registry.on("PUT", upload).answer(413, "Too Large").body("{}").early();
  if (GENERATE(false, true)) answer.early_and_close();
  scene.registry.on("GET", blob).body("layer");
  auto client = scene.inside();
  client.request("PUT", upload, counted);
  CHECK(client.send(pattern(0, size)));
  CHECK(client.receive("PUT").status == 413);
  CHECK(client.ask("GET", blob).body == "layer");
}

TEST_CASE("An upload that is refused here is read to its end and goes nowhere") {
  open_scene scene;
  scene.proxy.serve(scene.registry, [](forward::registry_options& options) { options.policy.push.clear(); });
  scene.registry.on("GET", blob).body("layer");
  auto client = scene.inside();
  client.request("PUT", upload, counted);
  const bool first = GENERATE(false, true);
  if (first) CHECK(client.receive("PUT").status == 403);
  CHECK(client.send(pattern(0, size)));
  if (!first) CHECK(client.receive("PUT").status == 403);
  CHECK(scene.registry.connections() == 0);
  CHECK(client.ask("GET", blob).body == "layer");
}

TEST_CASE("An upload whose registry cannot be reached is read to its end") {
  open_scene scene;
  std::string nobody;
  {
    const fake_server gone;
    nobody = gone.authority();
  }
  scene.proxy.serve(nobody, true);
  auto client = scene.proxy.inside(nobody);
  client.request("PUT", upload, counted);
  CHECK(client.send(pattern(0, size)));
  const auto got = client.receive("PUT");
  CHECK(got.status == 503);
  CHECK(client.ask("PUT", upload, {}, "more").status == 503);
}

TEST_CASE("R9: a client that waits for 100 is invited before its body is read, also where the registry ignores it") {
  open_scene scene;
  scene.registry.on("PUT", upload).answer(201, "Created");
  auto client = scene.inside();
  client.request("PUT", upload, {{"Content-Length", "5"}, {"Expect", "100-continue"}});
  REQUIRE(client.readable(5s));
  client.send("layer");
  CHECK(client.receive("PUT").status == 201);
  CHECK(client.interims() == 1);
  CHECK(scene.registry.requests().back().field("Expect") == "100-continue");
  CHECK(scene.registry.requests().back().body == "layer");
}

TEST_CASE("A client that waits for 100 and is refused is not invited, and its connection ends") {
  open_scene scene;
  scene.proxy.serve(scene.registry, [](forward::registry_options& options) { options.policy.push.clear(); });
  auto client = scene.inside();
  client.request("PUT", upload, {{"Content-Length", "5"}, {"Expect", "100-continue"}});
  CHECK(client.receive("PUT").status == 403);
  CHECK(client.interims() == 0);
  CHECK(client.ends());
}

TEST_CASE("Interim answers of the registry reach the client, 100 apart") {
  open_scene scene;
  scene.registry.on("GET", blob)
      .interim("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
      .body("layer");
  auto client = scene.inside();
  CHECK(client.ask("GET", blob).body == "layer");
  CHECK(client.interims() == 1);
}

TEST_CASE("When a client breaks an upload off the registry sees it broken off") {
  open_scene scene;
  scene.registry.on("PUT", upload).answer(201, "Created");
  const bool chunked = GENERATE(false, true);
  {
    auto client = scene.inside();
    client.request("PUT", upload,
                   {chunked ? std::pair{"Transfer-Encoding", "chunked"} : std::pair{"Content-Length", "100000"}});
    client.send(chunked ? "5\r\nlayer\r\n" : "layer");
    REQUIRE(holds_soon([&] { return scene.registry.count("PUT", upload) == 1; }));
  }
  CHECK(scene.proxy.at_rest());
  REQUIRE(scene.proxy.finished().size() == 1);
  CHECK_FALSE(scene.registry.requests("PUT", upload)[0].complete);
  CHECK(scene.proxy.finished()[0].evidence.status == 0);
}

TEST_CASE("T17 an upload whose chunks are malformed is answered 400, and the registry sees it broken off") {
  open_scene scene;
  scene.registry.on("PUT", upload).answer(201, "Created");
  const std::string hidden = "GET " + blob + " HTTP/1.1\r\nHost: " + scene.registry.authority() + "\r\n\r\n";
  const std::string body = GENERATE(values<std::string>({
      "0x5\r\nlayer\r\n0\r\n\r\n",
      "5\r\nlayer\r\n5\nlayer\r\n0\r\n\r\n",
      "5\r\nlayer\r\n0\r\nContent-Length: 5\r\n\r\n",
  }));
  auto client = scene.inside();
  client.request("PUT", upload, {{"Transfer-Encoding", "chunked"}});
  client.send(body + hidden);
  const auto got = client.receive("PUT");
  CHECK(got.status == 400);
  CHECK(client.ends());
  CHECK(scene.proxy.at_rest());
  for (const auto& one : scene.registry.requests("PUT", upload)) CHECK_FALSE(one.complete);
  CHECK(scene.registry.count("GET", blob) == 0);
}

TEST_CASE("T22 a client that stalls in its upload is let go after a while, and so is its registry") {
  open_scene scene(hasty());
  auto& answer = scene.registry.on("PUT", upload).answer(413, "Too Large").body("{}");
  const bool early = GENERATE(false, true);
  if (early) answer.early();
  auto client = scene.inside();
  client.request("PUT", upload, counted);
  client.send("layer");
  if (early) CHECK(client.receive("PUT").status == 413);
  CHECK(scene.proxy.at_rest());
  CHECK(client.ends());
}

TEST_CASE("T22 a client that stalls in reading its answer is let go after a while") {
  open_scene scene(hasty());
  scene.registry.on("GET", blob).stream(96 * 1024 * 1024);
  auto client = scene.inside();
  client.request("GET", blob);
  CHECK(scene.proxy.at_rest());
}

TEST_CASE("T22 an idle connection ends after a while without a word", "[limits.idle_timeout]") {
  open_scene scene(hasty());
  scene.registry.on("GET", blob).body("layer");
  auto client = scene.inside();
  CHECK(client.ask("GET", blob).body == "layer");
  CHECK(client.ends());
}

TEST_CASE("A registry that does not answer in time is 504 to the client, and one that stalls in its answer is cut",
          "[limits.response_timeout]") {
  engine_settings settings = hasty();
  settings.bounds.response_within = 300ms;
  open_scene scene(settings);
  scene.registry.on("GET", "/v2/team-a/app/manifests/1").silent();
  scene.registry.on("GET", blob).stream(1'000'000).pause(10s);
  auto client = scene.inside();
  const auto got = client.ask("GET", "/v2/team-a/app/manifests/1");
  CHECK(got.status == 504);
  CHECK(got.field("X-Regpass-Cause") == "upstream-timeout");
  const auto cut = client.ask("GET", blob);
  CHECK(cut.status == 200);
  CHECK_FALSE(cut.complete);
}
