// Each kind of credential, and none, against each kind of registry.
#include "regpass/base/text.hpp"
#include "support/proxy_under_test.hpp"

#include <catch2/catch.hpp>

using namespace regpass;
using namespace regpass::testing;

namespace {

const std::string manifest = "/v2/team-a/app/manifests/1";
const std::string alice = "Basic " + base64("alice:canary-password");

}  // namespace

TEST_CASE("A Basic registry gets user and password, and the second time at once") {
  open_scene scene;
  scene.proxy.credential(scene.registry.authority());
  scene.registry.requirement(R"(Basic realm="r")", [](const std::string& value) { return value == alice; });
  scene.registry.on("*", "*").body("{}");
  auto client = scene.inside();
  CHECK(client.ask("GET", manifest).status == 200);
  CHECK(scene.registry.requests().size() == 2);
  CHECK(client.ask("POST", "/v2/team-a/app/blobs/uploads/").status == 200);
  CHECK(client.ask("PUT", manifest, {}, "{}").status == 200);
  CHECK(scene.registry.requests().size() == 4);
}

TEST_CASE("A Basic registry that is not known yet is asked by a probe before a body goes out") {
  open_scene scene;
  scene.proxy.credential(scene.registry.authority());
  scene.registry.requirement(R"(Basic realm="r")", [](const std::string& value) { return value == alice; });
  scene.registry.on("*", "*").body("{}");
  auto client = scene.inside();
  CHECK(client.ask("PUT", manifest, {}, "{}").status == 200);
  const auto got = scene.registry.requests();
  REQUIRE(got.size() == 2);
  CHECK(got[0].target == "/v2/");
  CHECK(got[0].authorization().empty());
  CHECK(got[1].authorization() == alice);
}

TEST_CASE("A wrong password at a Basic registry is told of") {
  open_scene scene;
  scene.proxy.credential(scene.registry.authority());
  scene.registry.requirement(R"(Basic realm="r")", [](const std::string&) { return false; });
  auto client = scene.inside();
  const auto got = client.ask("GET", manifest);
  CHECK(got.status == 403);
  CHECK(got.field("X-Regpass-Cause") == "credential-rejected");
  CHECK(scene.registry.requests().size() == 2);
}

TEST_CASE("An identity token goes to the token server by POST and nowhere else") {
  token_scene scene;
  scene.proxy.credential(scene.registry.authority(), auth::credential_kind::identity_token, "<token>",
                         "canary-password-refresh");
  scene.registry.on("GET", manifest).body("{}");
  auto client = scene.inside();
  CHECK(client.ask("GET", manifest).status == 200);
  const auto asked = scene.tokens.asked();
  REQUIRE(asked.size() == 1);
  CHECK(asked[0].method == "POST");
  CHECK(asked[0].grant_type == "refresh_token");
  CHECK(asked[0].refresh_token == "canary-password-refresh");
  CHECK(asked[0].authorization.empty());
  for (const auto& one : scene.registry.requests()) CHECK(one.head.find("canary-password") == std::string::npos);
}

TEST_CASE("C4: an identity token that a Basic registry refuses was its password once") {
  open_scene scene;
  scene.proxy.credential(scene.registry.authority(), auth::credential_kind::identity_token, "<token>",
                         "canary-password-refresh");
  scene.registry.requirement(R"(Basic realm="r")", [](const std::string&) { return false; });
  auto client = scene.inside();
  CHECK(client.ask("GET", manifest).status == 403);
  REQUIRE(scene.registry.requests().size() == 2);
  CHECK(scene.registry.requests()[0].authorization().empty());
  CHECK(scene.registry.requests()[1].authorization() == "Basic " + base64("<token>:canary-password-refresh"));
}

TEST_CASE("A ready-made token goes to the registry at once and no token server is asked") {
  token_scene scene;
  scene.proxy.credential(scene.registry.authority(), auth::credential_kind::bearer, "", "canary-password-ready");
  scene.registry.requirement(scene.tokens.challenge(),
                             [](const std::string& value) { return value == "Bearer canary-password-ready"; });
  scene.registry.on("*", "*").body("{}");
  auto client = scene.inside();
  CHECK(client.ask("PUT", manifest, {}, "{}").status == 200);
  CHECK(scene.registry.requests().size() == 1);
  CHECK(scene.tokens.count() == 0);
}

TEST_CASE("A ready-made token that is refused is told of and not replaced") {
  token_scene scene;
  scene.proxy.credential(scene.registry.authority(), auth::credential_kind::bearer, "", "canary-password-ready");
  scene.registry.requirement(scene.tokens.challenge(R"(,error="invalid_token")"),
                             [](const std::string&) { return false; });
  auto client = scene.inside();
  const auto got = client.ask("GET", manifest);
  CHECK(got.status == 403);
  CHECK(got.has("X-Regpass-Cause"));
  CHECK(scene.registry.requests().size() == 1);
  CHECK(scene.tokens.count() == 0);
}

TEST_CASE("Without a credential a token is asked for anonymously") {
  open_scene scene;
  fake_token_server tokens;
  tokens.guard(scene.registry);
  scene.proxy.serve(scene.registry, [&](forward::registry_options& options) { options.realms = {tokens.realm()}; });
  scene.registry.on("GET", manifest).body("{}");
  auto client = scene.inside();
  CHECK(client.ask("GET", manifest).status == 200);
  const auto asked = tokens.asked();
  REQUIRE(asked.size() == 1);
  CHECK(asked[0].authorization.empty());
  CHECK(asked[0].account.empty());
}

TEST_CASE("Without a credential a Basic registry's refusal says that there is none") {
  open_scene scene;
  scene.registry.requirement(R"(Basic realm="r")", [](const std::string&) { return false; });
  auto client = scene.inside();
  const auto got = client.ask("GET", manifest);
  CHECK(got.status == 403);
  CHECK(got.field("X-Regpass-Cause") == "no-credential");
}

TEST_CASE("A registry that lets everybody in gets no credential at all") {
  open_scene scene;
  scene.proxy.credential(scene.registry.authority());
  scene.registry.on("*", "*").body("{}");
  auto client = scene.inside();
  CHECK(client.ask("GET", manifest).status == 200);
  CHECK(client.ask("PUT", manifest, {}, "{}").status == 200);
  for (const auto& one : scene.registry.requests()) CHECK(one.authorization().empty());
}

TEST_CASE("A token registry over plain HTTP works when the configuration says so, its token server being its own") {
  fake_server registry(fake_server::scheme::http);
  proxy_under_test proxy;
  proxy.serve(registry);
  proxy.credential(registry.authority());
  registry.on("GET", "/token").body(R"({"token":"canary-token-plain"})");
  registry.on("GET", manifest)
      .when([](const received& one) { return one.authorization() == "Bearer canary-token-plain"; })
      .body("{}");
  registry.on("GET", manifest)
      .answer(401)
      .header("WWW-Authenticate", "Bearer realm=\"" + registry.url("/token") + "\"");
  auto client = proxy.client();
  client.send("GET " + registry.url(manifest) + " HTTP/1.1\r\nHost: " + registry.authority() + "\r\n\r\n");
  CHECK(client.receive().status == 200);
  CHECK(registry.requests("GET", "/token")[0].authorization() == alice);
}
