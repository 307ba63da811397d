// Registries that cannot be reached, are not who they should be, or speak no proper HTTP (T16, T24).
#include "support/common_ground.hpp"
#include "support/h2_raw_client.hpp"
#include "support/proxy_under_test.hpp"

#include <catch2/catch.hpp>

using namespace regpass;
using namespace regpass::testing;
using namespace std::chrono_literals;
using namespace std::string_literals;

namespace {

const std::string manifest = "/v2/team-a/app/manifests/1";

}  // namespace

TEST_CASE("T24 a registry whose certificate is not good gets no request, and the client is told") {
  token_scene scene;
  const auto& ca = common_ground().upstream_ca;
  const auto kind = GENERATE(0, 1, 2, 3, 4);
  if (kind == 0) scene.registry.present(test_ca::make("Another CA").issue({"127.0.0.1"}));
  if (kind == 1) scene.registry.present(ca.issue({"127.0.0.9", "evil.test"}));
  if (kind == 2) scene.registry.present(ca.issue({"127.0.0.1"}, {.valid_to = std::chrono::seconds{-60}}));
  if (kind == 3) scene.registry.present(ca.issue({"127.0.0.1"}, {.valid_from = std::chrono::seconds{3600}}));
  if (kind == 4)
    scene.registry.present(
        test_ca::from(common_ground().proxy_ca.certificate_pem(), content_of(common_ground().place / "ca/ca.key"))
            .issue({"127.0.0.1"}));
  auto client = scene.inside();
  const auto got = client.ask("GET", manifest);
  CHECK(got.status == 502);
  CHECK(got.field("X-Regpass-Cause") == "upstream-certificate");
  CHECK(scene.registry.requests().empty());
}

TEST_CASE("A registry that cannot be reached is told of by the way it fails") {
  proxy_under_test proxy;
  std::string nobody;
  {
    const fake_server gone;
    nobody = gone.authority();
  }
  proxy.serve(nobody, true);
  auto client = proxy.inside(nobody);
  const auto got = client.ask("GET", manifest);
  CHECK(got.status == 503);
  CHECK(got.field("X-Regpass-Cause") == "upstream-connect");
  CHECK(got.field("Retry-After") == "1");
  CHECK(got.reason.find(nobody) != std::string::npos);
}

TEST_CASE("A registry without an address is told of") {
  proxy_under_test proxy;
  proxy.serve("registry.invalid", false);
  auto client = proxy.client();
  client.send("GET http://registry.invalid:443/v2/team-a/app/manifests/1 HTTP/1.1\r\nHost: x\r\n\r\n");
  const auto got = client.receive();
  CHECK(got.status == 503);
  CHECK(got.field("X-Regpass-Cause") == "upstream-dns");
}

TEST_CASE("T24 a registry that speaks plain HTTP, or no TLS at all, where TLS is due gets nothing") {
  fake_server server(fake_server::scheme::http);
  proxy_under_test proxy;
  proxy.serve(server.authority(), true);
  proxy.credential(server.authority());
  const auto [greeting, cause] = GENERATE(table<std::string, std::string>({
      {"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", "upstream-plain-http"},
      {"SSH-2.0-OpenSSH_9\r\n", "upstream-broken"},
  }));
  server.greet(greeting);
  auto client = proxy.inside(server.authority());
  const auto got = client.ask("GET", manifest);
  CHECK(got.status == 502);
  CHECK(got.field("X-Regpass-Cause") == cause);
  CHECK(server.requests().empty());
}

TEST_CASE("T16 an answer that can be read in two ways is 502, and its connection is not used again") {
  token_scene scene;
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  const std::vector<std::string> answers{
      ok + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nlayer",
      ok + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      ok + "Content-Length: 5, 5\r\n\r\nlayer",
      ok + "Content-Length: -5\r\n\r\nlayer",
      ok + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
      ok + "Transfer-Encoding: identity\r\n\r\nlayer",
      ok + "A : b\r\nContent-Length: 5\r\n\r\nlayer",
      ok + "A: b\r\n folded\r\nContent-Length: 5\r\n\r\nlayer",
      ok + "A: b\0c\r\nContent-Length: 5\r\n\r\nlayer"s,
      "HTTP/1.1 99999 OK\r\nContent-Length: 5\r\n\r\nlayer",
      "HTTP/9.9 200 OK\r\nContent-Length: 5\r\n\r\nlayer",
      "SSH-2.0-OpenSSH_9\r\n\r\n",
      ok + "A: " + std::string(100'000, 'a') + "\r\n\r\n",
      ok +
          [] {
            std::string many;
            for (int i = 0; i < 200; ++i) many += "X: y\r\n";
            return many;
          }() +
          "\r\n",
      [] {
        std::string flood;
        for (int i = 0; i < 9; ++i) flood += "HTTP/1.1 103 Early Hints\r\n\r\n";
        return flood;
      }() +
          ok + "Content-Length: 0\r\n\r\n",
  };
  const auto& bytes = answers[static_cast<std::size_t>(GENERATE(range(0, 15)))];
  INFO(bytes.substr(0, 200));
  scene.registry.on("GET", manifest).raw(bytes);
  scene.registry.on("GET", "/v2/").body("{}");
  auto client = scene.inside();
  const auto got = client.ask("GET", manifest);
  CHECK(got.status == 502);
  CHECK(got.field("X-Regpass-Cause") == "upstream-broken");
  const auto used = scene.registry.requests().back().connection;
  CHECK(client.ask("GET", "/v2/").body == "{}");
  CHECK(scene.registry.requests().back().connection != used);
}

TEST_CASE("T16 a body that is no good from its first byte on is 502 with the reason, over either version") {
  token_scene scene;
  const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  const auto* chunk =
      GENERATE("zz\r\nlayer", "-5\r\nlayer", "5 5\r\nlayer", "ffffffffffffffffff\r\nlayer", "0x5\r\nlayer");
  INFO(chunk);
  scene.registry.on("GET", manifest).raw(chunked + chunk);
  scene.registry.on("GET", "/v2/").body("{}");
  if (GENERATE(true, false)) {
    auto client = scene.inside();
    const auto got = client.ask("GET", manifest);
    CHECK(got.status == 502);
    CHECK(got.field("X-Regpass-Cause") == "upstream-broken");
    CHECK(client.ask("GET", "/v2/").body == "{}");
  } else {
    h2_raw_client client(scene.proxy.port(), scene.registry.authority());
    CHECK(client.ask("GET", manifest).status == 502);
    CHECK(client.ask("GET", "/v2/").body == "{}");
  }
}

TEST_CASE("T16 bytes behind an answer never become the next one") {
  open_scene scene;
  const std::string smuggled = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil";
  const std::vector<std::pair<std::string, std::string>> answers{
      {"GET", "HTTP/1.1 204 No Content\r\n\r\n" + smuggled},
      {"GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n" + smuggled},
      {"HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 43\r\n\r\n" + smuggled},
      {"GET", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" + smuggled},
      {"GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + smuggled},
  };
  const auto& [method, bytes] = answers[static_cast<std::size_t>(GENERATE(range(0, 5)))];
  INFO(bytes);
  scene.registry.on(method, manifest).times(1).raw(bytes);
  scene.registry.on("GET", "/v2/").body("good");
  auto client = scene.inside();
  CHECK(client.ask(method, manifest).status < 400);
  CHECK(client.ask("GET", "/v2/").body == "good");
}

TEST_CASE("A registry that hangs up during its head is asked once more, and then told of") {
  open_scene scene;
  scene.registry.on("GET", manifest).raw("HTTP/1.1 200 OK\r\nContent-").close();
  auto client = scene.inside();
  const auto got = client.ask("GET", manifest);
  CHECK(got.status == 502);
  CHECK(scene.registry.requests().size() == 2);
}
