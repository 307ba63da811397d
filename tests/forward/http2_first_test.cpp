// The first request to a registry of HTTP/2 alone, when nothing is known of it yet.
#include "support/h2_raw_client.hpp"
#include "support/proxy_under_test.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace regpass;
using namespace regpass::testing;

namespace {

const std::string upload = "/v2/team-a/app/blobs/uploads/1";
const std::string blob = "/v2/team-a/app/blobs/" + digest_of("layer");

}  // namespace

TEST_CASE("R10: an upload is the first request to a registry that takes HTTP/2 alone") {
  open_scene scene;
  scene.registry.speak_h2(GENERATE(fake_server::versions::http2_alone, fake_server::versions::http2_or_nothing));
  // As observed clients do it: no ping of ours comes first.
  scene.proxy.serve(scene.registry, [](auto& options) { options.injection = auth::injection::observe; });
  scene.registry.on("*", upload).answer(202, "Accepted");
  const std::string method = GENERATE("PATCH", "PUT", "POST");
  auto client = scene.inside();
  CHECK(client.ask(method, upload, {}, "layer").status == 202);
  CHECK(scene.registry.requests(method, upload).front().body == "layer");
  // What was offered in vain is not offered again.
  const auto before = scene.registry.connections();
  CHECK(client.ask(method, upload, {}, "layer").status == 202);
  CHECK(scene.registry.connections() == before);
}

TEST_CASE("R10: a registry of HTTP/1.1 that chooses no protocol serves uploads and downloads over one connection") {
  open_scene scene;
  scene.proxy.serve(scene.registry, [](auto& options) { options.injection = auth::injection::observe; });
  scene.registry.on("PUT", upload).answer(201, "Created");
  scene.registry.on("GET", blob).body("layer");
  auto client = scene.inside();
  CHECK(client.ask("PUT", upload, {}, "layer").status == 201);
  const auto before = scene.registry.connections();
  CHECK(before <= 2);
  CHECK(client.ask("GET", blob).body == "layer");
  CHECK(client.ask("PUT", upload, {}, "layer").status == 201);
  CHECK(scene.registry.connections() == before);
  CHECK(scene.registry.requests("PUT", upload).size() == 2);
}
