// Which clients may use a mirror, and which pages in a browser get no credential injected.
#include "support/proxy_under_test.hpp"

#include <catch2/catch.hpp>

using namespace regpass;
using namespace regpass::testing;

namespace {

const std::string manifest = "/v2/team-a/app/manifests/1";
const std::string uploads = "/v2/team-a/app/blobs/uploads/";

struct mirror_scene : token_scene {
  mirror_scene() {
    proxy.mirror(registry.authority());
    proxy.change([](forward::snapshot& from) {
      for (auto& [listen, one] : from.mirrors) one.options.names = {"mirror.example"};
      const auto named = registry::make_host("harbor.example", 443);
      forward::registry_entry entry;
      entry.options.host = named;
      from.registries.try_emplace(named, entry);
    });
    registry.on("GET", manifest).body("{}");
    registry.on("POST", uploads).answer(202);
  }

  int status(const std::string& host, const header_list& more = {}, const std::string& method = "GET",
             const std::string& target = manifest) {
    auto client = proxy.at_mirror();
    std::string text = method + " " + target + " HTTP/1.1\r\nHost: " + host + "\r\n";
    for (const auto& [name, value] : more) text += name + ": " + value + "\r\n";
    client.send(text + (method == "POST" ? "Content-Length: 0\r\n\r\n" : "\r\n"));
    return client.receive(method).status;
  }
};

}  // namespace

TEST_CASE("X3: a mirror accepts requests addressed to it or to a registry, whatever the port", "[callers]") {
  mirror_scene scene;
  const auto host = GENERATE("127.0.0.1:5000", "127.0.0.1", "localhost:5000", "LOCALHOST", "[::1]:5000", "127.1.2.3:80",
                             "builder.localhost:5000", "mirror.example:5000", "Mirror.Example", "harbor.example",
                             "harbor.example:5000", "[::ffff:127.0.0.1]:5000");
  INFO(host);
  CHECK(scene.status(host) == 200);
}

TEST_CASE("X3: a mirror refuses requests addressed to another host", "[callers]") {
  mirror_scene scene;
  const auto host =
      GENERATE("evil.example", "evil.example:5000", "127.0.0.1.nip.io:5000", "localhost.evil.example", "evillocalhost",
               "192.0.2.1:5000", "harbor.example.evil.test", "xmirror.example", "0.0.0.0");
  INFO(host);
  CHECK(scene.status(host) == 403);
  CHECK(scene.status(host, {}, "GET", "/v2/") == 403);
  CHECK(scene.status(host, {}, "POST", uploads) == 403);
  CHECK(scene.registry.connections() == 0);
  const auto seen = scene.proxy.finished(3);
  REQUIRE(seen.front().explanation);
  CHECK(seen.front().explanation->cause == "policy-refused");
}

TEST_CASE("X3: a mirror serves no page in a browser", "[callers]") {
  mirror_scene scene;
  const auto field = GENERATE(table<std::string, std::string>({{"Origin", "https://evil.example"},
                                                               {"Origin", "null"},
                                                               {"Origin", "http://127.0.0.1:5000"},
                                                               {"Sec-Fetch-Site", "cross-site"},
                                                               {"Sec-Fetch-Site", "same-site"},
                                                               {"sec-fetch-site", "Cross-Site"}}));
  const header_list more{{std::get<0>(field), std::get<1>(field)}};
  CHECK(scene.status("127.0.0.1:5000", more) == 403);
  CHECK(scene.status("127.0.0.1:5000", more, "POST", uploads) == 403);
  CHECK(scene.status("127.0.0.1:5000", more, "GET", "/v2/") == 403);
  const header_list image{{"User-Agent", "Mozilla/5.0"}, {"Referer", "https://evil.example/"}};
  CHECK(scene.status("127.0.0.1:5000", image) == 403);
  CHECK(scene.status("127.0.0.1:5000", {{"Sec-Fetch-Mode", "no-cors"}}) == 403);
  CHECK(scene.status("127.0.0.1:5000", {{"Access-Control-Request-Method", "PUT"}}) == 403);
  CHECK(scene.registry.connections() == 0);
  CHECK(scene.status("127.0.0.1:5000", {{"Sec-Fetch-Site", "none"}, {"Sec-Fetch-Mode", "navigate"}}) == 200);
  // Go's clients send one when they follow a redirect.
  CHECK(scene.status("127.0.0.1:5000", {{"User-Agent", "crane"}, {"Referer", "https://r.example/v2/"}}) == 200);
}

TEST_CASE("X3: a page of another origin gets no credential injected through the proxy either", "[callers]") {
  token_scene scene;
  scene.registry.on("GET", manifest).body("{}");
  auto client = scene.inside();
  const header_list foreign{{"Origin", "https://evil.example"}};
  CHECK(client.ask("GET", manifest, foreign).status == 403);
  CHECK(client.ask("GET", manifest, {{"Sec-Fetch-Site", "cross-site"}}).status == 403);
  CHECK(client.ask("GET", manifest, {{"User-Agent", "Mozilla/5.0"}, {"Referer", "https://evil.example/a"}}).status ==
        403);
  CHECK(scene.registry.connections() == 0);
  CHECK(client.ask("GET", manifest, {{"Origin", scene.registry.url()}, {"Sec-Fetch-Site", "same-origin"}}).status ==
        200);

  fake_server plain(fake_server::scheme::http);
  plain.on("GET", manifest).body("{}");
  scene.proxy.serve(plain);
  scene.proxy.credential(plain.authority());
  auto clear = scene.proxy.client();
  clear.address(plain.authority());
  CHECK(clear.ask("GET", plain.url(manifest), foreign).status == 403);
  CHECK(plain.connections() == 0);
}
