// Exchanges whose answer was delivered whole, whatever the peers do afterwards, are no failures.
#include "support/h2_raw_client.hpp"
#include "support/proxy_under_test.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace regpass;
using namespace regpass::testing;

namespace {

const std::string manifest = "/v2/team-a/app/manifests/1";
const std::string answer_body = R"({"schemaVersion":2})";

struct h2_scene : open_scene {
  h2_scene() {
    registry.speak_h2();
    proxy.serve(registry, [](auto& options) { options.http2 = forward::http2_use::always; });
  }
  h2_raw_client client() const { return h2_raw_client(proxy.port(), registry.authority()); }
};

forward::exchange_record only_exchange(const proxy_under_test& proxy) {
  const auto done = proxy.finished();
  REQUIRE(done.size() == 1);
  return done[0];
}

void check_success(const proxy_under_test& proxy, int status = 200) {
  const auto done = only_exchange(proxy);
  CHECK(done.evidence.status == status);
  CHECK_FALSE(done.explanation.has_value());
}

}  // namespace

TEST_CASE("R8: an HTTP/2 client that resets its stream with the last announced byte was served") {
  h2_scene scene;
  scene.registry.on("GET", manifest).body(answer_body).unfinished();
  const auto code = GENERATE(http::h2_code::no_error, http::h2_code::cancel, static_cast<http::h2_code>(5));
  auto client = scene.client();
  const auto stream = client.send("GET", manifest);
  REQUIRE(client.receive_bytes(stream, answer_body.size()) == answer_body);
  client.reset(stream, code);
  CHECK(holds_soon([&] { return scene.proxy.busy() == 0; }));
  check_success(scene.proxy);
}

TEST_CASE("R8: an HTTP/2 client that resets before the last announced byte broke the pull off") {
  h2_scene scene;
  scene.registry.on("GET", manifest).stream(1'000'000);
  auto client = scene.client();
  const auto stream = client.send("GET", manifest);
  REQUIRE(client.receive_bytes(stream, 1).size() < 1'000'000);
  client.reset(stream);
  CHECK(holds_soon([&] { return scene.proxy.busy() == 0; }));
  const auto done = only_exchange(scene.proxy);
  CHECK(done.evidence.status == 0);
  CHECK(done.explanation.has_value());
}

TEST_CASE("R8: an HTTP/1.1 client that closes with the last announced byte was served") {
  h2_scene scene;
  scene.registry.on("GET", manifest).body(answer_body).unfinished();
  {
    auto client = scene.inside();
    client.request("GET", manifest);
    auto got = client.receive_head();
    REQUIRE(client.receive_body(got));
    CHECK(got.body == answer_body);
    if (GENERATE(false, true)) client.on().reset();
  }
  CHECK(scene.proxy.at_rest());
  check_success(scene.proxy);
}

TEST_CASE("R8: a registry that resets its stream with the last announced byte has answered") {
  h2_scene scene;
  scene.registry.on("GET", manifest).body(answer_body).cut_after(answer_body.size());
  SECTION("to a client of HTTP/2") {
    auto client = scene.client();
    const auto got = client.ask("GET", manifest);
    CHECK(got.complete);
    CHECK(got.body == answer_body);
  }
  SECTION("to a client of HTTP/1.1, whose connection serves on") {
    auto client = scene.inside();
    CHECK(client.ask("GET", manifest).body == answer_body);
    CHECK(client.ask("GET", manifest).body == answer_body);
  }
  CHECK_FALSE(scene.proxy.finished().front().explanation.has_value());
  CHECK(scene.proxy.finished().front().evidence.status == 200);
}

TEST_CASE("R8: an answer without a body is whole with its head, whatever its stream does then") {
  h2_scene scene;
  const auto [method, status] = GENERATE(table<std::string, int>({{"HEAD", 200}, {"GET", 304}, {"GET", 204}}));
  scene.registry.on(method, manifest).answer(status).body(method == "HEAD" ? answer_body : "");
  auto client = scene.client();
  const auto stream = client.send(method, manifest);
  CHECK(client.receive_head(stream).status == status);
  client.reset(stream);
  CHECK(holds_soon([&] { return scene.proxy.busy() == 0; }));
  check_success(scene.proxy, status);
}

TEST_CASE("R8: a reset after the early answer to an upload is no failure") {
  h2_scene scene;
  const std::string upload = "/v2/team-a/app/blobs/uploads/1";
  scene.registry.on("PATCH", upload).answer(202).body(answer_body).early();
  auto client = scene.client();
  const auto stream = client.begin("PATCH", upload, 1'000'000);
  client.add(stream, "a part");
  REQUIRE(client.receive_bytes(stream, answer_body.size()) == answer_body);
  client.reset(stream);
  CHECK(holds_soon([&] { return scene.proxy.busy() == 0; }));
  check_success(scene.proxy, 202);
}
