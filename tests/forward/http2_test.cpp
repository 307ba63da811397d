// What only HTTP/2 has: streams that share a connection, resets, GOAWAY, the way back to HTTP/1.1, and clients that
// abuse it (T18, T20, T21).
#include "http/h2_frames.hpp"
#include "support/common_ground.hpp"
#include "support/h2_raw_client.hpp"
#include "support/proxy_under_test.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace regpass;
using namespace regpass::testing;
namespace frames = regpass::http::h2_test;

namespace {

const std::string manifest = "/v2/team-a/app/manifests/1";
const std::string blob = "/v2/team-a/app/blobs/sha256:" + std::string(64, 'a');
const std::string upload = "/v2/team-a/app/blobs/uploads/1";

struct h2_scene : open_scene {
  explicit h2_scene(const engine_settings& settings = {}, forward::http2_use use = forward::http2_use::always)
      : open_scene(settings) {
    registry.speak_h2();
    proxy.serve(registry, [use](auto& options) { options.http2 = use; });
  }
  h2_raw_client client() const { return h2_raw_client(proxy.port(), registry.authority()); }
};

}  // namespace

TEST_CASE("A hundred streams of a client share one connection upstream, and more clients share it too") {
  h2_scene scene;
  scene.registry.on("GET", blob).stream(50'000);
  std::vector<h2_raw_client> clients;
  clients.push_back(scene.client());
  clients.push_back(scene.client());
  std::vector<std::int32_t> streams;
  for (int i = 0; i < 50; ++i) {
    for (auto& one : clients) streams.push_back(one.send("GET", blob));
  }
  for (std::size_t i = 0; i < streams.size(); ++i) {
    const auto got = clients[i % 2].receive(streams[i]);
    CHECK(got.complete);
    CHECK(got.sha256 == sha256_of_pattern(50'000));
  }
  CHECK(scene.registry.count("GET", blob) == 100);
  CHECK(scene.registry.connections() == 1);
}

TEST_CASE("The content of blobs goes by HTTP/1.1 where the registry speaks both, and all else by HTTP/2") {
  h2_scene scene({}, forward::http2_use::automatic);
  scene.registry.on("*", "*").body("{}");
  auto client = scene.client();
  for (const auto* method : {"GET", "HEAD"}) {
    client.ask(method, manifest);
    client.ask(method, blob);
  }
  client.ask("POST", "/v2/team-a/app/blobs/uploads/");
  client.receive(client.send("PUT", upload, {}, "layer"));
  client.receive(client.send("PATCH", upload, {}, "layer", false));
  client.ask("PUT", upload);
  scene.proxy.finished(8);
  std::string told;
  for (const auto& line : scene.proxy.log_lines("exchange")) {
    told += std::string(line.at("method").as_string()) + " ";
    told += std::string(line.at("http").as_object().at("upstream").as_string()) + " ";
  }
  CHECK(told == "GET 2 GET 1.1 HEAD 2 HEAD 2 POST 2 PUT 1.1 PATCH 1.1 PUT 2 ");
}

TEST_CASE("A registry that speaks HTTP/2 alone gets the content of blobs by HTTP/2, whichever request comes first") {
  const auto takes = GENERATE(fake_server::versions::http2_alone, fake_server::versions::http2_or_nothing);
  h2_scene scene({}, forward::http2_use::automatic);
  scene.registry.speak_h2(takes);
  scene.registry.on("*", "*").body("{}");
  auto client = scene.client();
  const bool blob_first = GENERATE(true, false);
  CHECK(client.ask("GET", blob_first ? blob : manifest).status == 200);
  CHECK(client.receive(client.send("PUT", upload, {}, "layer")).status == 200);
  CHECK(client.ask("GET", blob).status == 200);
  CHECK(scene.registry.requests().size() == 4);  // the ping before the first push among them
  // What was offered in vain is not offered again.
  const auto before = scene.registry.connections();
  CHECK(client.ask("GET", blob).status == 200);
  CHECK(scene.registry.connections() == before);
}

TEST_CASE("Trailers go both ways over HTTP/2") {
  h2_scene scene;
  scene.registry.on("PUT", upload).answer(201).body("ok").chunked().trailer("Checksum", "2");
  auto client = scene.client();
  const auto got = client.receive(client.send("PUT", upload, {}, "layer", false, {{"Checksum", "1"}}));
  CHECK(got.status == 201);
  CHECK(got.trailers == header_list{{"checksum", "2"}});
  CHECK(scene.registry.requests("PUT", upload).front().field("trailer-checksum") == "1");
}

TEST_CASE("A client that resets its stream ends the exchange upstream, and its other streams go on") {
  h2_scene scene;
  scene.registry.on("PUT", upload).answer(201);
  scene.registry.on("GET", manifest).body("{}");
  auto client = scene.client();
  const auto stream = client.begin("PUT", upload, 1'000'000);
  client.add(stream, "a part");
  CHECK(holds_soon([&] { return scene.registry.count("PUT", upload) == 1; }));
  client.reset(stream);
  CHECK(client.ask("GET", manifest).body == "{}");
  CHECK(holds_soon([&] { return scene.proxy.busy() == 0; }));
  CHECK_FALSE(scene.registry.requests("PUT", upload).front().complete);
  CHECK(scene.registry.connections() == 1);
}

TEST_CASE("A request that the registry refused unread is sent again, whatever its method") {
  h2_scene scene;
  scene.proxy.serve(scene.registry, [](auto& options) {
    options.http2 = forward::http2_use::always;
    options.policy.remove = {"*"};
  });
  scene.registry.on("DELETE", manifest).times(1).h2_reset(7);
  scene.registry.on("DELETE", manifest).answer(202);
  auto client = scene.client();
  CHECK(client.ask("DELETE", manifest).status == 202);
  CHECK(scene.registry.count("DELETE", manifest) == 2);
}

TEST_CASE("An upload that the registry refused unread is told to be sent again, and why") {
  h2_scene scene;
  scene.registry.on("PUT", upload).h2_reset(7);
  auto client = scene.client();
  const auto got = client.receive(client.send("PUT", upload, {}, "layer"));
  CHECK(got.status == 503);
  CHECK(got.field("Retry-After") == "1");
  CHECK(got.body.find("send the request again") != std::string::npos);
  CHECK(scene.registry.count("PUT", upload) == 1);
}

TEST_CASE("A request that was reset for another reason is not sent again unless it is safe") {
  h2_scene scene;
  scene.proxy.serve(scene.registry, [](auto& options) {
    options.http2 = forward::http2_use::always;
    options.policy.remove = {"*"};
  });
  scene.registry.on("DELETE", manifest).h2_reset(2);
  auto client = scene.client();
  CHECK(client.ask("DELETE", manifest).status == 503);
  CHECK(scene.registry.count("DELETE", manifest) == 1);
}

TEST_CASE("A registry that goes away gets new requests on a new connection") {
  h2_scene scene;
  scene.registry.on("GET", manifest).times(1).body("{}").close();
  scene.registry.on("GET", manifest).body("{}");
  auto client = scene.client();
  CHECK(client.ask("GET", manifest).complete);
  CHECK(client.ask("GET", manifest).complete);
  CHECK(scene.registry.connections() == 2);
  CHECK(scene.registry.count("GET", manifest) == 2);
}

TEST_CASE("A registry that asks for HTTP/1.1 gets it, at once and from then on") {
  h2_scene scene;
  const bool by_status = GENERATE(false, true);
  scene.registry.on("GET", manifest).when([](const received& one) { return one.head.empty(); }).h2_reset(13);
  scene.registry.on("GET", blob).when([](const received& one) { return one.head.empty(); }).answer(426);
  scene.registry.on("GET", "*").body("{}");
  auto client = scene.client();
  CHECK(client.ask("GET", by_status ? blob : manifest).status == 200);
  CHECK(client.ask("GET", blob).status == 200);
  CHECK(scene.registry.requests().size() == 3);
  const auto lines = (scene.proxy.finished(2), scene.proxy.log_lines("exchange"));
  for (const auto& line : lines) CHECK(line.at("http").as_object().at("upstream").as_string() == "1.1");
}

TEST_CASE("http2 = off leaves both sides with HTTP/1.1") {
  h2_scene scene;
  scene.proxy.serve(scene.registry, [](auto& options) { options.http2 = forward::http2_use::off; });
  scene.registry.on("GET", manifest).body("{}");
  raw_client client(scene.proxy.port());
  client.connect(scene.registry.authority());
  REQUIRE(client.secure({.name = "127.0.0.1", .alpn = {"h2", "http/1.1"}}));
  CHECK(client.alpn() == "http/1.1");
  CHECK(client.ask("GET", manifest).body == "{}");
  CHECK_FALSE(scene.registry.requests("GET", manifest).front().head.empty());
}

TEST_CASE("T20 a host other than CONNECT's is misdirected, and the connection's other streams are served") {
  h2_scene scene;
  scene.registry.on("GET", manifest).body("{}");
  auto client = scene.client();
  const auto got = client.ask("GET", manifest, {{"Host", "evil.test"}});
  CHECK(got.status == 421);
  CHECK(got.field("X-Regpass-Cause") == "bad-request");
  CHECK(client.ask("GET", manifest).body == "{}");
  CHECK(scene.registry.requests().size() == 1);
}

TEST_CASE("T21 a client that floods is told GOAWAY and logged once, and another one is served meanwhile") {
  h2_scene scene;
  scene.registry.on("GET", manifest).body("{}");
  auto bystander = scene.client();
  auto client = scene.client();
  CHECK(client.ask("GET", manifest).complete);
  std::string flood;
  for (int i = 0; i < 1100; ++i) flood += frames::raw(frames::frame::ping, 0, 0, "12345678");
  client.say(flood);
  CHECK(client.goodbye() == 11);
  client.on().close();
  CHECK(bystander.ask("GET", manifest).complete);
  CHECK(holds_soon([&] { return scene.proxy.log_lines_so_far("client-rejected").size() == 1; }));
}

TEST_CASE("A client that waits with its reading holds up nobody else, and memory is bounded") {
  h2_scene scene;
  scene.registry.on("GET", blob).stream(8'000'000);
  scene.registry.on("GET", manifest).body("{}");
  auto slow = scene.client();
  const auto stream = slow.send("GET", blob);
  auto other = scene.client();
  CHECK(other.ask("GET", manifest).body == "{}");
  CHECK(other.ask("GET", blob).sha256 == sha256_of_pattern(8'000'000));
  CHECK(slow.receive(stream).sha256 == sha256_of_pattern(8'000'000));
  CHECK(scene.registry.connections() == 1);
}
