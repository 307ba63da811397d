// What is learned from challenges: which of them are remembered, for which repository, and when they are asked for
// anew.
#include "regpass/auth/token.hpp"
#include "support/proxy_under_test.hpp"

#include <catch2/catch.hpp>

using namespace regpass;
using namespace regpass::testing;

namespace {

const std::string manifest = "/v2/team-a/app/manifests/1";
const std::string other_manifest = "/v2/team-b/app/manifests/1";
const std::string project = "/v2/grp/proj/manifests/1";
const std::string cached_image = "/v2/grp/dependency_proxy/x/manifests/1";

bool is_for_service(const received& one, const std::string& service) {
  const auto value = one.authorization();
  if (!value.starts_with("Bearer ")) return false;
  const auto claims = auth::read_claims(value.substr(7));
  return claims && claims->audience == std::vector<std::string>{service};
}

// A token server that the configuration approves; the registry's answers are the test's own.
struct approved_scene {
  approved_scene() {
    proxy.serve(registry, [&](forward::registry_options& options) { options.realms = {tokens.realm()}; });
    proxy.credential(registry.authority());
  }
  raw_client inside() const { return proxy.inside(registry.authority()); }
  std::string challenge(const std::string& service) const {
    return "Bearer realm=\"" + tokens.realm() + "\",service=\"" + service + "\"";
  }
  // Whoever comes to this path without a token for the service is told that it is wanted.
  void wants(const std::string& path, const std::string& service) {
    registry.on("*", path).when([service](const received& one) { return is_for_service(one, service); }).body("{}");
    registry.on("*", path).answer(401).header("WWW-Authenticate", challenge(service));
  }

  // One answer names a token endpoint that is gone, all others the right one.
  void names_gone_endpoint_once() {
    registry.on("GET", other_manifest)
        .times(1)
        .answer(401)
        .header("WWW-Authenticate", R"(Bearer realm="/gone",service="a")");
    wants("/v2/*", "a");
  }

  fake_server registry;
  fake_token_server tokens;
  proxy_under_test proxy;
};

}  // namespace

TEST_CASE("A2: a realm that may not be used costs the request that brought it, and no other") {
  approved_scene scene;
  fake_server plain(fake_server::scheme::http);
  const std::vector<std::string> realms{plain.url("/token"), "https://elsewhere.test/token", "https://[bad/token",
                                        scene.tokens.realm() + "#x"};
  const auto& realm = realms[GENERATE(0U, 1U, 2U, 3U)];
  INFO(realm);
  scene.registry.on("GET", manifest)
      .times(1)
      .answer(401)
      .header("WWW-Authenticate", "Bearer realm=\"" + realm + "\",service=\"a\"");
  scene.wants("/v2/*", "a");
  auto client = scene.inside();
  CHECK(client.ask("GET", manifest).status == 403);
  CHECK(plain.connections() == 0);
  CHECK(client.ask("GET", manifest).status == 200);
  CHECK(client.ask("GET", other_manifest).status == 200);
}

TEST_CASE("A2: a realm that may not be used leaves valid tokens of other repositories in use") {
  approved_scene scene;
  scene.registry.on("GET", other_manifest)
      .times(1)
      .answer(401)
      .header("WWW-Authenticate", R"(Bearer realm="https://elsewhere.test/token",service="a")");
  scene.wants("/v2/*", "a");
  auto client = scene.inside();
  CHECK(client.ask("GET", manifest).status == 200);
  CHECK(client.ask("GET", other_manifest).status == 403);
  const auto asked = scene.tokens.count();
  CHECK(client.ask("GET", manifest).status == 200);
  CHECK(scene.tokens.count() == asked);
  CHECK(client.ask("GET", other_manifest).status == 200);
}

TEST_CASE("A2: a remembered challenge that fails is asked for anew within the same request") {
  approved_scene scene;
  const auto status = GENERATE(400, 401, 403, 404, 500);
  scene.registry.on("GET", "/gone").answer(status).body("{}");
  scene.registry.on("POST", "/gone").answer(404);
  scene.names_gone_endpoint_once();
  auto client = scene.inside();
  CHECK(client.ask("GET", manifest).status == 200);
  CHECK(client.ask("GET", other_manifest).status >= 400);
  CHECK(client.ask("GET", "/v2/team-c/app/manifests/1").status == 200);
  CHECK(client.ask("POST", "/v2/team-d/app/blobs/uploads/").status == 200);
  CHECK(client.ask("GET", manifest).status == 200);
}

TEST_CASE("A2: with the body unread a remembered challenge that fails is asked for anew at /v2/") {
  approved_scene scene;
  scene.registry.on("GET", "/gone").answer(404);
  scene.registry.on("POST", "/gone").answer(404);
  scene.names_gone_endpoint_once();
  auto client = scene.inside();
  CHECK(client.ask("GET", manifest).status == 200);
  CHECK(client.ask("GET", other_manifest).status >= 400);
  CHECK(client.ask("PUT", "/v2/team-c/app/manifests/1", {}, "{}").status == 200);
  for (const auto& one : scene.registry.requests("PUT", "")) CHECK(is_for_service(one, "a"));
}

TEST_CASE("A2: what the token server answered is explained although the registry was asked again") {
  approved_scene scene;
  scene.wants("/v2/*", "a");
  auto client = scene.inside();
  CHECK(client.ask("GET", manifest).status == 200);
  const auto [status, shown, cause] = GENERATE(table<int, int, std::string>(
      {{500, 503, "token-server-error"}, {401, 403, "credential-rejected"}, {403, 403, "scope-refused"}}));
  scene.tokens.server().on("*", "/token").answer(status).body("oops");
  const auto target = GENERATE(as<std::string>(), "/v2/team-b/app/blobs/uploads/", "/v2/team-b/app/manifests/1");
  const std::string method = target.ends_with('/') ? "POST" : "GET";
  for (int i = 0; i < 2; ++i) {
    const auto got = client.ask(method, target);
    CHECK(got.status == shown);
    CHECK(got.field("X-Regpass-Cause") == cause);
  }
  CHECK(client.ask("GET", manifest).status == 200);
}

TEST_CASE("R2: the challenge of this response wins over the remembered one, and is learned for its repository") {
  approved_scene scene;
  scene.wants("/v2/grp/proj/*", "a");
  scene.wants("/v2/grp/dependency_proxy/*", "b");
  scene.wants("/v2/", "b");
  auto client = scene.inside();
  CHECK(client.ask("GET", "/v2/").status == 200);
  for (const auto& target : {project, cached_image, project, cached_image}) {
    INFO(target);
    CHECK(client.ask("GET", target).status == 200);
  }
  CHECK(client.ask("POST", "/v2/grp/proj/blobs/uploads/").status == 200);
  // From now on each repository's own service is asked at once.
  const auto tokens = scene.tokens.count();
  const auto requests = scene.registry.requests().size();
  for (const auto& target : {project, cached_image, project, cached_image}) {
    CHECK(client.ask("GET", target).status == 200);
  }
  CHECK(scene.tokens.count() == tokens);
  CHECK(scene.registry.requests().size() == requests + 4);
}

TEST_CASE("R2: a cached token for a service that the registry no longer names is replaced by one that it does") {
  approved_scene scene;
  std::atomic<bool> moved{false};
  scene.registry.on("GET", project)
      .when([&](const received& one) { return is_for_service(one, moved ? "a" : "b"); })
      .body("{}");
  scene.registry.on("GET", project)
      .when([&](const received&) { return moved.load(); })
      .answer(401)
      .header("WWW-Authenticate", scene.challenge("a"));
  scene.registry.on("GET", project).answer(401).header("WWW-Authenticate", scene.challenge("b"));
  auto client = scene.inside();
  CHECK(client.ask("GET", project).status == 200);
  moved = true;
  CHECK(client.ask("GET", project).status == 200);
  CHECK(client.ask("GET", project).status == 200);
  CHECK(scene.tokens.asked().back().service == "a");
}

TEST_CASE("R2: a change of service costs one request whose body has started, and no second one") {
  approved_scene scene;
  std::atomic<bool> moved{false};
  const std::string target = "/v2/grp/proj/manifests/1";
  scene.registry.on("PUT", target)
      .when([&](const received& one) { return is_for_service(one, moved ? "a" : "b"); })
      .answer(201, "Created");
  scene.registry.on("*", "*")
      .when([&](const received&) { return moved.load(); })
      .answer(401)
      .header("WWW-Authenticate", scene.challenge("a"));
  scene.registry.on("*", "*").answer(401).header("WWW-Authenticate", scene.challenge("b"));
  auto client = scene.inside();
  CHECK(client.ask("PUT", target, {}, "{}").status == 201);
  moved = true;
  client.ask("PUT", target, {}, "{}");
  CHECK(client.ask("PUT", target, {}, "{}").status == 201);
}

TEST_CASE("R2: two token servers behind one registry, each for its own repositories") {
  approved_scene scene;
  fake_token_server second;
  scene.proxy.serve(scene.registry, [&](forward::registry_options& options) {
    options.realms = {scene.tokens.realm(), second.realm()};
  });
  const auto guard = [&](const std::string& path, const fake_token_server& by) {
    scene.registry.on("GET", path)
        .when([&by](const received& one) { return by.is_good(one.authorization()); })
        .body("{}");
    scene.registry.on("GET", path).answer(401).header("WWW-Authenticate", by.challenge());
  };
  guard("/v2/grp/proj/*", scene.tokens);
  guard("/v2/grp/dependency_proxy/*", second);
  auto client = scene.inside();
  for (const auto& target : {project, cached_image, project, cached_image}) {
    INFO(target);
    CHECK(client.ask("GET", target).status == 200);
  }
}

TEST_CASE("R2: a registry that names another service in each answer ends the handshake all the same") {
  approved_scene scene;
  std::atomic<int> number{0};
  scene.registry.otherwise([&](const received&) {
    return reply{.status = 401, .fields = {{"WWW-Authenticate", scene.challenge("s" + std::to_string(++number))}}};
  });
  auto client = scene.inside();
  for (int i = 0; i < 3; ++i) {
    const auto before = scene.registry.requests().size();
    const auto tokens = scene.tokens.count();
    CHECK(client.ask("GET", manifest).status == 403);
    CHECK(scene.registry.requests().size() - before <= 3);
    CHECK(scene.tokens.count() - tokens <= 2);
  }
}
