// Clients that hang up while their registry is waited for: nothing of theirs is kept.
#include "support/common_ground.hpp"
#include "support/h2_raw_client.hpp"
#include "support/proxy_under_test.hpp"

#include <catch2/catch.hpp>
#include <sys/socket.h>
#include <sys/time.h>

using namespace regpass;
using namespace regpass::testing;
using namespace std::chrono_literals;

namespace {

const std::string manifest = "/v2/team-a/app/manifests/1";
const std::string upload = "/v2/team-a/app/blobs/uploads/state?digest=" + digest_of("layer");

// As the client's own end is noted: no answer, and nobody else's fault.
void check_noted(const proxy_under_test& proxy) {
  const auto done = proxy.finished();
  REQUIRE(done.size() == 1);
  CHECK(done[0].evidence.status == 0);
  REQUIRE(done[0].explanation.has_value());
  CHECK(done[0].explanation->summary.find("the client aborted the pull") != std::string::npos);
}

// What the registry wants, so that no upload begins with a question.
void learn(token_scene& scene) {
  scene.registry.on("GET", "/v2/").body("{}");
  CHECK(scene.inside().ask("GET", "/v2/").status == 200);
}

}  // namespace

TEST_CASE("A client that hangs up while its registry thinks leaves nothing behind (F02, F10)") {
  open_scene scene;
  scene.registry.on("GET", manifest).silent();
  const bool by_reset = GENERATE(false, true);
  {
    auto client = scene.inside();
    client.request("GET", manifest);
    REQUIRE(holds_soon([&] { return scene.registry.count("GET", manifest) == 1; }));
    if (by_reset) client.on().reset();
  }
  CHECK(scene.proxy.at_rest());
  check_noted(scene.proxy);
}

TEST_CASE("The same over HTTP/2, by a reset of the stream and by the end of the connection (F02)") {
  open_scene scene;
  scene.registry.speak_h2();
  scene.registry.on("GET", manifest).silent();
  const bool by_reset = GENERATE(false, true);
  h2_raw_client client(scene.proxy.port(), scene.registry.authority());
  const auto stream = client.send("GET", manifest);
  REQUIRE(holds_soon([&] { return scene.registry.count("GET", manifest) == 1; }));
  if (by_reset) client.reset(stream);
  if (!by_reset) client.on().close();
  CHECK(holds_soon([&] { return scene.proxy.busy() == 0; }));
  check_noted(scene.proxy);
  client.on().close();
}

TEST_CASE("A client that hangs up in an upload that its registry does not take leaves nothing behind (F10)") {
  token_scene scene;
  scene.registry.on("PUT", upload).answer(201, "Created");
  learn(scene);
  scene.registry.hold_reading(true);
  {
    auto client = scene.inside();
    client.request("PUT", upload, {{"Content-Length", "1000000000"}});
    client.send("layer");
    REQUIRE(holds_soon([&] { return scene.registry.count("PUT", upload) == 1; }));
    const timeval short_wait{.tv_sec = 0, .tv_usec = 300'000};
    ::setsockopt(client.on().descriptor(), SOL_SOCKET, SO_SNDTIMEO, &short_wait, sizeof short_wait);
    CHECK_THROWS(client.send(pattern(0, 200'000'000)));  // nobody takes it any more
    client.on().reset();
  }
  CHECK(scene.proxy.at_rest());
  scene.registry.hold_reading(false);
  CHECK_FALSE(scene.registry.requests("PUT", upload)[0].complete);
}

TEST_CASE("A client that hangs up in an upload that its registry then refuses leaves nothing behind (F10)") {
  token_scene scene;
  if (GENERATE(false, true)) scene.registry.speak_h2();
  scene.registry.on("PUT", upload).answer(404, "Gone").body("{}").early().delay(600ms);
  learn(scene);
  scene.registry.hold_reading(true);
  const bool by_reset = GENERATE(false, true);
  {
    auto client = scene.inside();
    client.request("PUT", upload, {{"Content-Length", "1000000000"}});
    client.send("layer");
    REQUIRE(holds_soon([&] { return scene.registry.count("PUT", upload) == 1; }));
    client.send(pattern(0, 200'000));
    if (by_reset) client.on().reset();
  }
  CHECK(scene.proxy.at_rest());
  scene.registry.hold_reading(false);
}

TEST_CASE("A client in the clear that only sends no more gets its answer (F02)") {
  token_scene scene;
  scene.proxy.mirror(scene.registry.authority());
  scene.registry.on("GET", manifest).delay(1500ms).body("{}");  // longer than it takes to notice
  auto client = scene.proxy.at_mirror();
  client.request("GET", manifest);
  client.on().shut_write();
  CHECK(client.receive().body == "{}");
}

TEST_CASE("A client in the clear that sends no more is not waited for longer than an idle one (F02)") {
  engine_settings settings;
  settings.bounds.idle_for = 300ms;
  token_scene scene(settings);
  scene.proxy.mirror(scene.registry.authority());
  scene.registry.on("GET", manifest).silent();
  auto client = scene.proxy.at_mirror();
  client.request("GET", manifest);
  client.on().shut_write();
  CHECK(scene.proxy.at_rest());
  CHECK(client.ends());
}
