// [client_auth]: what a client without the password gets, and what registries see of those with it (T01, T08).
#include "forward/session/client_auth.hpp"

#include "regpass/base/text.hpp"
#include "support/proxy_under_test.hpp"

#include <catch2/catch.hpp>

using namespace regpass;
using namespace regpass::testing;

namespace {

const std::string manifest = "/v2/team-a/app/manifests/1";
const std::string password = "canary-client-password";

std::string basic(const std::string& pair) {
  return "Basic " + base64(pair);
}

struct guarded_scene : token_scene {
  guarded_scene() {
    guard(password);
    registry.on("GET", manifest).body("{}");
  }
  void guard(const std::string& with) {
    proxy.change([&](forward::snapshot& from) { from.client_password = std::make_shared<const secret>(with); });
    proxy.count_as_secret(with);
    proxy.count_as_secret(base64("anyone:" + with));
  }
  void upgrade() {
    proxy.serve(registry, [&](forward::registry_options& options) {
      options.realms = {tokens.realm()};
      options.upgrade_plain_http = true;
    });
  }
  // A CONNECT for the registry with this Proxy-Authorization, or none; the answer.
  message connect(raw_client& client, const std::string& with = "") const {
    const auto authority = registry.authority();
    client.address(authority);
    client.send("CONNECT " + authority + " HTTP/1.1\r\nHost: " + authority + "\r\n" +
                (with.empty() ? "" : "Proxy-Authorization: " + with + "\r\n") + "\r\n");
    return client.receive_head("CONNECT");
  }
};

void check_refused(const message& got) {
  CHECK(got.status == 407);
  CHECK(got.field("Proxy-Authenticate") == R"(Basic realm="regpass")");
  CHECK(got.field("Connection") == "close");
  CHECK_FALSE(got.field("WWW-Authenticate").has_value());
}

http::fields with(const std::string& value) {
  http::fields made;
  made.add("Proxy-Authorization", value);
  return made;
}

}  // namespace

TEST_CASE("T01 only the password in Proxy-Authorization counts") {
  const secret right(password);
  CHECK(forward::authenticate(http::fields(), nullptr).has_value());
  CHECK_FALSE(forward::authenticate(http::fields(), &right).has_value());
  const auto [value, good] = GENERATE(table<std::string, bool>({
      {basic("anyone:" + password), true},
      {basic(":" + password), true},
      {"bASIC  " + base64("u:" + password), true},
      {basic("anyone:" + password + "x"), false},
      {basic("anyone:"), false},
      {basic("anyone:x:" + password), false},
      {basic(password), false},
      {"Basic", false},
      {"Basic ", false},
      {"Basic !!!", false},
      {"Basic " + password, false},
      {"Bearer " + base64("u:" + password), false},
      {base64("u:" + password), false},
      {"", false},
  }));
  INFO(value);
  const auto judged = forward::authenticate(with(value), &right);
  CHECK(judged.has_value() == good);
  if (judged) return;
  CHECK(judged.error().code == errc::denied);
  CHECK(judged.error().detail.find(password) == std::string::npos);
}

TEST_CASE("T01 a password with colons is compared whole") {
  const secret right("a:b");
  CHECK(forward::authenticate(with(basic("u:a:b")), &right).has_value());
}

TEST_CASE("T01 two Proxy-Authorization fields are refused, whatever they hold") {
  const secret right(password);
  auto twice = with(basic("u:" + password));
  twice.add("Proxy-Authorization", basic("u:" + password));
  CHECK_FALSE(forward::authenticate(twice, &right).has_value());
}

TEST_CASE("T01 CONNECT without the password is answered 407, and nothing goes upstream") {
  guarded_scene scene;
  const auto given = GENERATE(std::string(), basic("anyone:wrong"), std::string("Bearer x"));
  auto client = scene.proxy.client();
  const auto got = scene.connect(client, given);
  check_refused(got);
  CHECK(got.reason.find("[client_auth]") != std::string::npos);
  CHECK(got.reason.find("[regpass ") != std::string::npos);
  client.read_to_end();
  CHECK_FALSE(client.on().cut());
  CHECK(scene.registry.connections() == 0);
  CHECK(scene.tokens.count() == 0);
  const auto seen = scene.proxy.finished().at(0);
  CHECK(seen.evidence.registry == scene.registry.authority());
  CHECK(scene.proxy.log_lines("client-rejected").size() == 1);
}

TEST_CASE("T01 with the password CONNECT is served as usual") {
  guarded_scene scene;
  auto client = scene.proxy.client();
  CHECK(scene.connect(client, basic("anyone:" + password)).status == 200);
  REQUIRE(client.secure());
  CHECK(client.ask("GET", manifest).status == 200);
  CHECK(scene.registry.requests("GET", manifest).back().authorization().starts_with("Bearer "));
}

TEST_CASE("T01 plain HTTP that would be upgraded needs the password too") {
  guarded_scene scene;
  scene.upgrade();
  const auto target = "http://" + scene.registry.authority() + manifest;
  {
    auto stranger = scene.proxy.client();
    stranger.address(scene.registry.authority());
    check_refused(stranger.ask("GET", target));
    CHECK(scene.registry.connections() == 0);
    // The missing password is explained, not the plain HTTP.
    CHECK(scene.proxy.finished().back().explanation->cause == "policy-refused");
  }
  auto client = scene.proxy.client();
  client.address(scene.registry.authority());
  CHECK(client.ask("GET", target, {{"Proxy-Authorization", basic("anyone:" + password)}}).status == 200);
}

TEST_CASE("T01 on a persistent connection each request must present the password") {
  guarded_scene scene;
  scene.upgrade();
  const auto target = "http://" + scene.registry.authority() + manifest;
  auto client = scene.proxy.client();
  client.address(scene.registry.authority());
  CHECK(client.ask("GET", target, {{"Proxy-Authorization", basic("anyone:" + password)}}).status == 200);
  const auto received = scene.registry.requests().size();
  check_refused(client.ask("GET", target));
  CHECK(scene.registry.requests().size() == received);
}

TEST_CASE("T01 hosts other than registries cannot be reached without the password either") {
  guarded_scene scene;
  auto client = scene.proxy.client();
  client.address("other.test");
  check_refused(client.ask("GET", "http://other.test/"));
  auto second = scene.proxy.client();
  check_refused(second.connect("other.test:443"));
}

TEST_CASE("T08 Proxy-Authorization never goes upstream") {
  guarded_scene scene;
  scene.upgrade();
  const auto shown = basic("anyone:" + password);
  {
    auto client = scene.proxy.client();
    REQUIRE(scene.connect(client, shown).status == 200);
    REQUIRE(client.secure());
    CHECK(client.ask("GET", manifest, {{"Proxy-Authorization", shown}}).status == 200);
  }
  auto plain = scene.proxy.client();
  plain.address(scene.registry.authority());
  CHECK(plain.ask("GET", "http://" + scene.registry.authority() + manifest, {{"Proxy-Authorization", shown}}).status ==
        200);
  const auto requests = scene.registry.requests();
  CHECK(requests.size() >= 2);
  for (const auto& one : requests) CHECK_FALSE(one.field("Proxy-Authorization").has_value());
}

TEST_CASE("T01 a changed password applies from the next request on") {
  guarded_scene scene;
  scene.guard("canary-another");
  auto before = scene.proxy.client();
  check_refused(scene.connect(before, basic("anyone:" + password)));
  auto after = scene.proxy.client();
  CHECK(scene.connect(after, basic("anyone:canary-another")).status == 200);
}

TEST_CASE("T01 mirrors and redirected connections require no password; policy applies there") {
  guarded_scene scene;
  scene.proxy.serve(scene.registry, [&](forward::registry_options& options) {
    options.realms = {scene.tokens.realm()};
    options.policy.push = {};
  });
  scene.proxy.mirror(scene.registry.authority());
  auto mirror = scene.proxy.at_mirror();
  CHECK(mirror.ask("POST", "/v2/team-a/app/blobs/uploads/").status == 403);
  auto captured =
      scene.proxy.captured("127.0.0.1:" + std::to_string(scene.registry.port()), scene.registry.authority());
  REQUIRE(captured.secure({.name = "127.0.0.1", .sni = {}, .alpn = {}}));
  CHECK(captured.ask("POST", "/v2/team-a/app/blobs/uploads/").status == 403);
  CHECK(scene.registry.requests("POST", "").empty());
}
