// Mirrors with a real registry behind them: what it receives, and where rewritten references lead.
#include "support/common_ground.hpp"
#include "support/h2_raw_client.hpp"
#include "support/proxy_under_test.hpp"

#include <catch2/catch.hpp>

using namespace regpass;
using namespace regpass::testing;

namespace {

const std::string manifest = "/v2/team-a/app/manifests/1";
const std::string uploads = "/v2/team-a/app/blobs/uploads/";

struct mirror_scene : token_scene {
  explicit mirror_scene(const std::string& path = "") { proxy.mirror(registry.authority(), path); }
  std::string here() const { return "http://127.0.0.1:" + std::to_string(proxy.mirror_port()); }
};

}  // namespace

TEST_CASE("A mirror's request reaches the registry as one to itself, with our token and without the client's") {
  mirror_scene scene;
  scene.registry.on("GET", manifest).body("{}");
  auto client = scene.proxy.at_mirror();
  const auto ns = "ns=127.0.0.1%3A" + std::to_string(scene.registry.port());
  const auto got = client.ask("GET", manifest + "?" + ns, {{"Authorization", "Bearer stale"}, {"Accept", "x/y"}});
  CHECK(got.status == 200);
  CHECK(got.body == "{}");
  const auto last = scene.registry.requests("GET", manifest).back();
  CHECK(last.target == manifest);
  CHECK(last.field("Host") == scene.registry.authority());
  CHECK(last.field("Accept") == "x/y");
  for (const auto& one : scene.registry.requests()) CHECK(one.authorization().find("stale") == std::string::npos);
  CHECK(last.authorization().starts_with("Bearer "));
  CHECK(last.authorization().find(fake_token_server::token_canary) != std::string::npos);
  CHECK(client.ask("GET", manifest).status == 200);  // the same connection goes on
  CHECK(scene.proxy.finished(2).size() == 2);
  const auto lines = scene.proxy.log_lines("exchange");
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].at("mode") == "mirror");
}

TEST_CASE("An upload by name goes through the mirror to its end, whatever form its Locations have") {
  const std::string path = GENERATE("", "hub");
  const bool behind = GENERATE(false, true);
  mirror_scene scene(path);
  const auto absolute = GENERATE(false, true);
  const auto base = absolute ? scene.registry.url() : std::string();
  scene.registry.on("POST", uploads).answer(202, "Accepted").header("Location", base + uploads + "state?s=a%2Fb");
  scene.registry.on("PATCH", uploads + "state").answer(202, "Accepted").header("Location", base + "/_uploads/2?t=1");
  scene.registry.on("PUT", "/_uploads/2").answer(201, "Created");
  auto client = scene.proxy.at_mirror();
  const auto begin = path.empty() ? uploads : behind ? "/v2/hub" + uploads.substr(3) : "/hub" + uploads;
  const auto follow = [&](const message& got) {
    const auto location = got.field("Location").value_or("");
    CHECK(location.starts_with(absolute ? scene.here() + "/" : "/"));
    return absolute ? location.substr(scene.here().size()) : location;
  };
  const auto first = follow(client.ask("POST", begin));
  const auto second = follow(client.ask("PATCH", first, {}, "layer"));
  CHECK(client.ask("PUT", second + "&digest=" + digest_of("layer")).status == 201);
  CHECK(scene.registry.requests("PATCH", "").at(0).target == uploads + "state?s=a%2Fb");
  const auto put = scene.registry.requests("PUT", "").at(0);
  CHECK(put.target == "/_uploads/2?t=1&digest=" + digest_of("layer"));
  CHECK(put.authorization().starts_with("Bearer "));
}

TEST_CASE("A registry selected by ns stays selected while its upload continues") {
  mirror_scene scene;
  fake_server other;
  scene.proxy.serve(other);
  other.on("POST", uploads).answer(202, "Accepted").header("Location", other.url(uploads + "state?s=1"));
  other.on("PUT", uploads + "state").answer(201, "Created");
  auto client = scene.proxy.at_mirror();
  const auto ns = "ns=127.0.0.1%3A" + std::to_string(other.port());
  const auto location = client.ask("POST", uploads + "?" + ns).field("Location").value_or("");
  CHECK(location == scene.here() + uploads + "state?s=1&" + ns);
  CHECK(client.ask("PUT", location.substr(scene.here().size()) + "&digest=" + digest_of("x")).status == 201);
  CHECK(other.requests("PUT", "").at(0).target == uploads + "state?s=1&digest=" + digest_of("x"));
  CHECK(scene.registry.connections() == 0);
}

TEST_CASE("T11 references to another origin stay unchanged, and requests that return from there get no token") {
  mirror_scene scene;
  const std::string blob = "/v2/team-a/app/blobs/" + digest_of("layer");
  scene.registry.on("GET", blob).answer(307, "Elsewhere").header("Location", "https://cdn.test/x?sig=a%2Fb");
  scene.registry.on("POST", uploads).answer(202, "Accepted").header("Location", "https://cdn.test/_uploads/1");
  auto client = scene.proxy.at_mirror();
  CHECK(client.ask("GET", blob).field("Location") == "https://cdn.test/x?sig=a%2Fb");
  CHECK(client.ask("POST", uploads).field("Location") == "https://cdn.test/_uploads/1");
  client.ask("PATCH", "/_uploads/1", {}, "layer");
  CHECK(scene.registry.requests("PATCH", "/_uploads/1").at(0).authorization().empty());
}

TEST_CASE("An ns that is not served is refused with what to configure, and nothing is sent") {
  mirror_scene scene;
  auto client = scene.proxy.at_mirror();
  const auto got = client.ask("GET", manifest + "?ns=unknown.test");
  CHECK(got.status == 403);
  CHECK(got.body.find(R"("errors":[{"code":"DENIED")") != std::string::npos);
  CHECK(got.body.find("unknown.test") != std::string::npos);
  CHECK(got.body.find("[[registry]]") != std::string::npos);
  CHECK(got.reason.find("unknown.test") != std::string::npos);
  CHECK(scene.registry.connections() == 0);
  const auto seen = scene.proxy.finished().at(0);
  CHECK(seen.evidence.mode == diagnosis::client_mode::mirror);
}

TEST_CASE("A path without the mirror's prefix is 404, and the response does not reveal the prefix") {
  mirror_scene scene("x7Gq");
  for (const auto& target : {manifest, "/wrong" + manifest, std::string("/v2/wrong/team-a/app/manifests/1")}) {
    auto client = scene.proxy.at_mirror();
    const auto got = client.ask("GET", target);
    CHECK(got.status == 404);
    CHECK(got.body.find(R"("errors":[{)") != std::string::npos);
    CHECK((got.head + got.body).find("x7Gq") == std::string::npos);
  }
  CHECK(scene.registry.connections() == 0);
}

TEST_CASE("A ping without the prefix is answered without the registry, and the connection stays open") {
  mirror_scene scene("hub");
  scene.registry.on("GET", manifest).body("{}");
  auto client = scene.proxy.at_mirror();
  CHECK(client.ask("GET", "/v2/").status == 200);
  CHECK(scene.registry.connections() == 0);
  CHECK(client.ask("GET", "/v2/hub/team-a/app/manifests/1").status == 200);
  scene.proxy.count_as_secret("/hub/");  // nothing that was let in is logged with it
}

TEST_CASE("Policy is the registry's, and a refusal is explained as in explicit mode") {
  mirror_scene scene;
  scene.proxy.serve(scene.registry, [](forward::registry_options& options) { options.policy.push.clear(); });
  auto client = scene.proxy.at_mirror();
  const auto got = client.ask("POST", uploads);
  CHECK(got.status == 403);
  CHECK(got.reason.find("[regpass ") != std::string::npos);
  CHECK(scene.registry.count("POST", "") == 0);
}

TEST_CASE("No challenge reaches a mirror's client, even where nothing is injected") {
  mirror_scene scene;
  scene.proxy.serve(scene.registry,
                    [](forward::registry_options& options) { options.injection = auth::injection::observe; });
  auto client = scene.proxy.at_mirror();
  CHECK_FALSE(client.ask("GET", manifest).has("WWW-Authenticate"));
  CHECK(scene.registry.count("GET", manifest) > 0);
}

TEST_CASE("A mirror's registry without configuration allows anonymous pulls and no pushes") {
  fake_server registry(fake_server::scheme::https, "127.0.0.1");
  proxy_under_test proxy;
  proxy.mirror(registry.authority());
  auto client = proxy.at_mirror();
  const auto got = client.ask("GET", manifest);
  CHECK(got.status == 403);  // a name that is only a mirror's may not be on loopback (T03)
  CHECK(registry.connections() == 0);
  CHECK(client.ask("POST", uploads).status == 403);
}

TEST_CASE("Anything but a request to a mirror is 400 and closes the connection") {
  mirror_scene scene;
  auto client = scene.proxy.at_mirror();
  client.send("GET http://127.0.0.1/v2/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
  CHECK(client.receive().status == 400);
  CHECK(client.ends());
  auto second = scene.proxy.at_mirror();
  CHECK(second.connect(scene.registry.authority()).status == 400);
  CHECK(scene.registry.connections() == 0);
}

TEST_CASE("A client that tries TLS first learns that the mirror speaks plain HTTP, and no warning is logged") {
  mirror_scene scene;
  auto client = scene.proxy.at_mirror();
  client.send(std::string("\x16\x03\x01\x00\xc8\x01\x00\x00\xc4\x03\x03", 11) + std::string(194, 'x'));
  CHECK(client.receive().status == 400);
  CHECK(client.ends());
  for (const auto& line : scene.proxy.log_lines("client-rejected")) CHECK(line.at("level") == "debug");
}

TEST_CASE("A mirror that a reload removed serves nothing any more") {
  mirror_scene scene;
  scene.proxy.change([](forward::snapshot& from) { from.mirrors.clear(); });
  auto client = scene.proxy.at_mirror();
  client.request("GET", manifest);
  CHECK(client.ends());
  CHECK(scene.registry.connections() == 0);
}

TEST_CASE("A client with prior knowledge speaks HTTP/2 to a mirror, whose registry speaks either version") {
  mirror_scene scene("hub");
  const bool upstream_h2 = GENERATE(false, true);
  if (upstream_h2) scene.registry.speak_h2();
  scene.registry.on("GET", manifest).body("{}");
  scene.registry.on("POST", uploads).answer(202, "Accepted").header("Location", scene.registry.url() + uploads + "1");
  scene.registry.on("PUT", uploads + "1").answer(201, "Created");
  h2_raw_client client(scene.proxy.at_mirror(), "127.0.0.1:" + std::to_string(scene.proxy.mirror_port()));
  CHECK(client.ask("GET", "/v2/").body == "{}");
  CHECK(scene.registry.requests().empty());
  CHECK(client.ask("GET", "/v2/hub" + manifest.substr(3), {{"Authorization", "Bearer stale"}}).body == "{}");
  const auto last = scene.registry.requests("GET", manifest).back();
  CHECK(last.authorization().find(fake_token_server::token_canary) != std::string::npos);
  const auto started = client.ask("POST", "/hub" + uploads);
  CHECK(started.field("location") == scene.here() + "/hub" + uploads + "1");
  const auto put = client.send("PUT", "/hub" + uploads + "1?digest=" + digest_of("layer"), {}, "layer");
  CHECK(client.receive(put).status == 201);
  CHECK(scene.registry.requests("PUT", "").at(0).body == "layer");
  const auto refused = client.ask("GET", "/v2/elsewhere/manifests/1");
  CHECK(refused.status == 404);
  CHECK(refused.body.find("regpass") != std::string::npos);
  CHECK(client.ask("GET", "/v2/hub" + manifest.substr(3)).status == 200);  // the connection goes on
  for (const auto& line : (scene.proxy.finished(3), scene.proxy.log_lines("exchange"))) {
    CHECK(line.at("http").as_object().at("client").as_string() == "2");
  }
}

TEST_CASE("A mirror recognises HTTP/2's preface in any number of pieces, and does not take PUT for it") {
  mirror_scene scene;
  scene.registry.on("PUT", uploads + "1").answer(201, "Created");
  const auto say = [](raw_client& client, std::string_view text) {
    for (const char one : text) REQUIRE(client.send(std::string_view(&one, 1)));
  };
  auto modern = scene.proxy.at_mirror();
  say(modern, std::string(http::h2_preface) + std::string("\0\0\0\x04\0\0\0\0\0", 9));
  CHECK(modern.on().read().substr(3, 1) == "\x04");  // SETTINGS
  auto plain = scene.proxy.at_mirror();
  say(plain, "PUT " + uploads + "1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n");
  CHECK(plain.receive("PUT").status == 201);
}
