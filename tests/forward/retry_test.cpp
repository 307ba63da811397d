// What is sent upstream a second time, and what never is (docs/clients.md, rule 9).
#include "support/proxy_under_test.hpp"

#include <catch2/catch.hpp>

using namespace regpass;
using namespace regpass::testing;

namespace {

const std::string manifest = "/v2/team-a/app/manifests/1";
const std::string uploads = "/v2/team-a/app/blobs/uploads/";

enum class fault { cut, reset, half_a_head, status_500, status_502, status_503, status_504 };

void fail(sentence& one, fault how) {
  switch (how) {
    case fault::cut:
      one.cut();
      break;
    case fault::reset:
      one.reset();
      break;
    case fault::half_a_head:
      one.raw("HTTP/1.1 200 OK\r\nContent-").close();
      break;
    case fault::status_500:
      one.answer(500, "No").body("{}");
      break;
    case fault::status_502:
      one.answer(502, "No").body("{}");
      break;
    case fault::status_503:
      one.answer(503, "No").body("{}");
      break;
    case fault::status_504:
      one.answer(504, "No").body("{}");
      break;
  }
}

const auto any_fault = [] {
  return GENERATE(fault::cut, fault::reset, fault::half_a_head, fault::status_500, fault::status_502, fault::status_503,
                  fault::status_504);
};

}  // namespace

TEST_CASE("A GET or HEAD that fails once in passing is repeated") {
  open_scene scene;
  const std::string method = GENERATE("GET", "HEAD");
  fail(scene.registry.on(method, manifest).times(1), any_fault());
  scene.registry.on(method, manifest).body("{}");
  auto client = scene.inside();
  CHECK(client.ask(method, manifest).status == 200);
  CHECK(scene.registry.requests().size() == 2);
  CHECK_FALSE(scene.proxy.finished()[0].explanation.has_value());
}

TEST_CASE("A GET or HEAD that fails twice is not sent a third time") {
  open_scene scene;
  const std::string method = GENERATE("GET", "HEAD");
  fail(scene.registry.on(method, manifest).times(2), any_fault());
  scene.registry.on(method, manifest).body("{}");
  auto client = scene.inside();
  const auto got = client.ask(method, manifest);
  CHECK(got.status >= 500);
  CHECK(got.has("X-Regpass-Cause"));
  CHECK(scene.registry.requests().size() == 2);
}

TEST_CASE("Answers that are no passing failure are not asked for again") {
  open_scene scene;
  const auto status = GENERATE(400, 404, 405, 429, 501, 505, 507);
  scene.registry.on("GET", manifest).answer(status, "Some").body("{}");
  auto client = scene.inside();
  CHECK(client.ask("GET", manifest).status == status);
  CHECK(scene.registry.requests().size() == 1);
}

TEST_CASE("Writing requests are never repeated after a failure on a new connection") {
  open_scene scene;
  const auto [method, target, body] = GENERATE(table<std::string, std::string, std::string>({
      {"PUT", manifest, "{}"},
      {"PUT", uploads + "state?digest=" + digest_of("layer"), ""},
      {"POST", uploads, ""},
      {"PATCH", uploads + "state", "layer"},
  }));
  INFO(method << " " << target);
  fail(scene.registry.on(method, target).times(1), any_fault());
  scene.registry.on(method, target).answer(201, "Created");
  auto client = scene.inside();
  CHECK(client.ask(method, target, {}, body).status >= 500);
  CHECK(scene.registry.count(method, target) == 1);
}

TEST_CASE("A pooled connection that turns out to be dead costs a request without body nothing") {
  open_scene scene;
  const auto [method, target] = GENERATE(table<std::string, std::string>({
      {"GET", manifest},
      {"POST", uploads},
      {"PUT", uploads + "state?digest=" + digest_of("layer")},
  }));
  scene.registry.on("GET", "/v2/").body("{}");
  scene.registry.on(method, target).when([](const received& one) { return one.connection == 1; }).cut();
  scene.registry.on(method, target).answer(202, "Accepted");
  auto client = scene.inside();
  CHECK(client.ask("GET", "/v2/").status == 200);
  CHECK(client.ask(method, target).status == 202);
  CHECK(scene.registry.connections() == 2);
}

TEST_CASE("A body that went to a pooled connection which is dead is not sent again") {
  open_scene scene;
  scene.registry.on("GET", "/v2/").body("{}");
  scene.registry.on("PUT", manifest).when([](const received& one) { return one.connection == 1; }).cut();
  scene.registry.on("PUT", manifest).answer(201, "Created");
  auto client = scene.inside();
  CHECK(client.ask("GET", "/v2/").status == 200);
  CHECK(client.ask("PUT", manifest, {}, "{}").status == 503);
  CHECK(scene.registry.count("PUT", manifest) == 1);
}

TEST_CASE("Upstream connections are used again, and a closed one is not") {
  open_scene scene;
  scene.registry.on("GET", manifest).times(5).body("{}");
  scene.registry.on("GET", manifest).body("{}").close();
  auto client = scene.inside();
  for (int i = 0; i < 6; ++i) CHECK(client.ask("GET", manifest).status == 200);
  CHECK(scene.registry.connections() == 1);
  for (int i = 0; i < 3; ++i) CHECK(client.ask("GET", manifest).status == 200);
  CHECK(scene.registry.connections() == 4);
  CHECK(scene.registry.requests().size() == 9);
}

TEST_CASE("The probe and the request after a challenge are repeated by the same rule") {
  token_scene scene;
  scene.registry.on("PUT", manifest).answer(201, "Created");
  scene.registry.on("GET", manifest).times(1).cut();
  scene.registry.on("GET", manifest).body("{}");
  auto client = scene.inside();
  CHECK(client.ask("GET", manifest).status == 200);
  CHECK(scene.registry.requests().size() == 3);
  CHECK(scene.tokens.count() == 1);
}
