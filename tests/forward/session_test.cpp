// The life of a client's connection, with misbehaving clients (T05, T17, T22).
#include "support/proxy_under_test.hpp"

#include <catch2/catch.hpp>

using namespace regpass;
using namespace regpass::testing;
using namespace std::chrono_literals;

namespace {

const std::string manifest = "/v2/team-a/app/manifests/1";

}  // namespace

TEST_CASE(
    "T17 anything but unambiguous HTTP is answered with the reason and closed; other connections are unaffected") {
  open_scene scene;
  scene.registry.on("GET", manifest).body("{}");
  const auto at = "Host: " + scene.registry.authority() + "\r\n";
  const std::string get = "GET " + manifest + " HTTP/1.1\r\n";
  const std::string put = "PUT " + manifest + " HTTP/1.1\r\n" + at;
  struct row {
    std::string bytes;
    int status;
  };
  const std::vector<row> rows{
      {"hello\r\n\r\n", 400},
      {"GET  / HTTP/1.1\r\n\r\n", 400},
      {get + "\r\n", 400},  // no Host
      {get + at + at + "\r\n", 400},
      {get + at + "A : b\r\n\r\n", 400},
      {get + at + " folded\r\n\r\n", 400},
      {get + at + "A: b\nC: d\r\n\r\n", 400},
      {get + at + std::string("A: b\0c\r\n\r\n", 10), 400},
      {put + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {put + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", 400},
      {put + "Content-Length: 3, 3\r\n\r\nabc", 400},
      {put + "Content-Length: +3\r\n\r\nabc", 400},
      {put + "Content-Length: -1\r\n\r\n", 400},
      {put + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 400},
      {put + "Transfer-Encoding: identity\r\n\r\n", 400},
      {put + "Transfer-Encoding: \x0b"
             "chunked\r\n\r\n0\r\n\r\n",
       400},
      {"GET " + manifest + " HTTP/1.0\r\n" + at + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {get + at + "Expect: something\r\n\r\n", 417},
      {get + at + "A: " + std::string(70'000, 'a') + "\r\n\r\n", 431},
      {"GET /" + std::string(10'000, 'a') + " HTTP/1.1\r\n" + at + "\r\n", 431},
      {"GET " + manifest + " HTTP/2.0\r\n" + at + "\r\n", 400},
      {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400},
  };
  const auto& [bytes, status] = rows[static_cast<std::size_t>(GENERATE(range(0, 22)))];
  const bool tls = GENERATE(true, false);
  INFO((tls ? "inside: " : "outside: ") << bytes.substr(0, 200));
  auto bystander = scene.inside();
  auto client = tls ? scene.inside() : scene.proxy.client();
  client.send(bytes);
  const auto got = client.receive();
  CHECK(got.status == status);
  CHECK(got.field("Connection") == "close");
  CHECK(got.has("X-Regpass-Id"));
  CHECK(client.ends());
  CHECK(scene.registry.requests().empty());
  CHECK(bystander.ask("GET", manifest).status == 200);
}

TEST_CASE("T05 paths that parsers might read differently are 400 and are not forwarded") {
  token_scene scene;
  const std::string target = GENERATE(
      "/v2/../etc/passwd", "/v2/team-a/../secret/manifests/1", "/v2/team-a/./app/manifests/1",
      "/v2/team-a//app/manifests/1", "/v2//team-a/app/manifests/1", "/v2/team-a/app/manifests/..",
      "/v2/team-a%2f..%2fsecret/manifests/1", "/v2/team-a%2fapp/manifests/1", "/v2/%2e%2e/secret/manifests/1",
      "/v2/team-a/app%00/manifests/1", "/v2/team-a/app%5c..%5c/manifests/1", "/v2/team-a\\app/manifests/1",
      "/v2/team-a;x=1/app/manifests/1", "/v2/Team-A/app/manifests/1", "/v2/team-a/app/manifests/1;x",
      "/v2/team-a/app/manifests/%31", "/v2/team-a/app/manifests/sha256:zz", "/v2/team-a/app/blobs/latest",
      "/v2/team-a/app/blobs/sha256:abc", "/v2/team-a/app/blobs/uploads/..", "/v2/team-a/app/blobs/uploads/%2e%2e",
      "/v2/team-a/app/blobs/uploads/a%252fb", "/v2/team-a/app/blobs/uploads/x%2f..%2fy", "/v2/team-a/app/manifests/1#x",
      "/v2/../v2/team-a/app/manifests/1");
  const std::string method = target.find("uploads") == std::string::npos ? "GET" : "PATCH";
  INFO(target);
  auto client = scene.inside();
  const auto got = client.ask(method, target);
  CHECK(got.status == 400);
  CHECK(scene.registry.connections() == 0);
  CHECK(scene.tokens.count() == 0);
}

TEST_CASE("T05 paths that only resemble the API's get no credential") {
  token_scene scene;
  scene.registry.requirement("", [](const std::string&) { return true; });
  scene.registry.on("*", "*").body("x");
  const std::string target =
      GENERATE("//v2/team-a/app/manifests/1", "/%76%32/team-a/app/manifests/1", "/V2/team-a/app/manifests/1",
               "/v2x/team-a/app/manifests/1", "/v1/team-a/app/manifests/1", "/v2/team-a/app/unknown/1");
  INFO(target);
  auto client = scene.inside();
  CHECK(client.ask("GET", target).status == 200);
  REQUIRE(scene.registry.requests().size() == 1);
  CHECK(scene.registry.requests()[0].target == target);
  CHECK(scene.registry.requests()[0].authorization().empty());
}

TEST_CASE("T22 a head that is not complete in time ends the connection") {
  engine_settings settings;
  settings.bounds.head_within = 300ms;
  open_scene scene(settings);
  const bool tls = GENERATE(true, false);
  auto client = tls ? scene.inside() : scene.proxy.client();
  client.send("GET /v2/ HTTP/1.1\r\nHost: ");
  const auto drip = GENERATE(false, true);
  for (int i = 0; drip && i < 20; ++i) {
    std::this_thread::sleep_for(20ms);
    if (!client.send("a")) break;
  }
  CHECK(scene.proxy.at_rest());
  CHECK(client.read_to_end().find("200") == std::string::npos);
  CHECK(scene.registry.requests().empty());
}

TEST_CASE("Pipelined requests are answered one after the other") {
  open_scene scene;
  scene.registry.on("GET", manifest).body("first");
  scene.registry.on("GET", "/v2/").body("second");
  auto client = scene.inside();
  const auto at = " HTTP/1.1\r\nHost: " + scene.registry.authority() + "\r\n\r\n";
  client.send("GET " + manifest + at + "GET /v2/" + at);
  CHECK(client.receive().body == "first");
  CHECK(client.receive().body == "second");
}

TEST_CASE("An HTTP/1.0 client gets its answer, and the connection closes") {
  open_scene scene;
  scene.registry.on("GET", manifest).chunked().body("layer");
  auto client = scene.inside();
  client.send("GET " + manifest + " HTTP/1.0\r\nHost: " + scene.registry.authority() + "\r\n\r\n");
  const auto got = client.receive();
  CHECK(got.body == "layer");
  CHECK_FALSE(got.has("Transfer-Encoding"));
  CHECK(client.ends());
}

TEST_CASE("Anything but a request to a proxy is answered with what the port is for") {
  proxy_under_test proxy;
  const std::string target =
      GENERATE("/v2/", "*", "https://registry.test/v2/", "ftp://registry.test/", "registry.test:443");
  INFO(target);
  auto client = proxy.client();
  client.send("GET " + target + " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
  const auto got = client.receive();
  CHECK(got.status == 400);
  CHECK(got.field("X-Regpass-Cause") == "bad-request");
  CHECK(client.ends());
}

TEST_CASE("One connection to the proxy port serves several plain registries, and a CONNECT behind them") {
  proxy_under_test proxy;
  fake_server one(fake_server::scheme::http);
  fake_server two(fake_server::scheme::http);
  fake_server three;
  for (auto* server : {&one, &two, &three}) {
    proxy.serve(*server);
    server->on("GET", "/v2/").body(server->authority());
  }
  auto client = proxy.client();
  for (const auto* server : {&one, &two, &one}) {
    client.send("GET " + server->url("/v2/") + " HTTP/1.1\r\nHost: other.test\r\n\r\n");
    CHECK(client.receive().body == server->authority());
    CHECK(server->requests().back().field("Host") == server->authority());
    CHECK(server->requests().back().target == "/v2/");
  }
  CHECK(client.connect(three.authority()).status == 200);
  REQUIRE(client.secure());
  CHECK(client.ask("GET", "/v2/").body == three.authority());
}

TEST_CASE("A CONNECT has no body, whatever its fields say") {
  open_scene scene;
  const auto at = scene.registry.authority();
  auto client = scene.proxy.client();
  client.send("CONNECT " + at + " HTTP/1.1\r\nHost: " + at + "\r\nContent-Length: 5\r\n\r\nhello");
  client.read_to_end();
  CHECK(scene.registry.connections() == 0);
}

TEST_CASE("A CONNECT without port, with user information or without a host is 400") {
  proxy_under_test proxy;
  const std::string target =
      GENERATE("registry.test", "registry.test:", "registry.test:0", "registry.test:99999", "a@registry.test:443",
               "http://registry.test", ":443", "registry.test:443/v2/", "reg istry.test:443");
  INFO(target);
  auto client = proxy.client();
  CHECK(client.connect(target).status == 400);
}
