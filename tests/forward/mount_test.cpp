// Scopes of requests, and mounts that may not be (docs/clients.md, rules 4 and 5; T06).
#include "support/proxy_under_test.hpp"

#include <catch2/catch.hpp>

using namespace regpass;
using namespace regpass::testing;

namespace {

const std::string digest = digest_of("layer");
const std::string uploads = "/v2/team-a/app/blobs/uploads/";

// The two spellings that clients use.
std::string mount_target(std::string_view from, bool escaped) {
  std::string source(from);
  if (!escaped) return uploads + "?mount=" + digest + "&from=" + source;
  for (auto at = source.find('/'); at != std::string::npos; at = source.find('/', at)) source.replace(at, 1, "%2F");
  return uploads + "?from=" + source + "&mount=sha256%3A" + digest.substr(7);
}

// A registry that takes mounts and uploads.
void take_uploads(fake_server& registry) {
  registry.on("POST", uploads + "?*").answer(201, "Created").header("Location", "/v2/team-a/app/blobs/" + digest);
  registry.on("POST", uploads).answer(202, "Accepted").header("Location", uploads + "state");
}

bool has_mount_step(const forward::exchange_record& one) {
  return std::ranges::any_of(one.evidence.steps, [](const diagnosis::timed_step& step) {
    return std::holds_alternative<diagnosis::mount_step>(step.step);
  });
}

}  // namespace

TEST_CASE("The scope that is asked for follows from method and path") {
  using scopes = std::vector<std::string>;
  token_scene scene;
  scene.proxy.serve(scene.registry, [&](forward::registry_options& options) {
    options.realms = {scene.tokens.realm()};
    options.policy.push = options.policy.remove = {"*"};
    options.policy.catalog = true;
  });
  scene.registry.on("*", "*").body("{}");
  const auto [method, target, wanted] = GENERATE(table<std::string, std::string, scopes>({
      {"GET", "/v2/", {}},
      {"GET", "/v2/_catalog", {"registry:catalog:*"}},
      {"GET", "/v2/a/manifests/1", {"repository:a:pull"}},
      {"HEAD", "/v2/a/b/manifests/1", {"repository:a/b:pull"}},
      {"GET", "/v2/a/tags/list?n=5", {"repository:a:pull"}},
      {"GET", "/v2/a/blobs/" + digest, {"repository:a:pull"}},
      {"GET", "/v2/a/referrers/" + digest, {"repository:a:pull"}},
      {"POST", "/v2/a/blobs/uploads/", {"repository:a:pull,push"}},
      {"PATCH", "/v2/a/blobs/uploads/x", {"repository:a:pull,push"}},
      {"PUT", "/v2/a/manifests/1", {"repository:a:pull,push"}},
      {"DELETE", "/v2/a/manifests/1", {"repository:a:delete"}},
      {"DELETE", "/v2/a/blobs/uploads/x", {"repository:a:delete"}},
      {"POST", mount_target("lib/base", true), {"repository:lib/base:pull", "repository:team-a/app:pull,push"}},
      {"POST", mount_target("lib/base", false), {"repository:lib/base:pull", "repository:team-a/app:pull,push"}},
      // Rule 20: names may hold the API's own words.
      {"GET", "/v2/blobs/uploads/manifests/manifests/1", {"repository:blobs/uploads/manifests:pull"}},
      {"GET", "/v2/tags/list/tags/list", {"repository:tags/list:pull"}},
      {"PUT", "/v2/a/blobs/uploads/manifests/blobs/uploads/x", {"repository:a/blobs/uploads/manifests:pull,push"}},
  }));
  INFO(method << " " << target);
  auto client = scene.inside();
  CHECK(client.ask(method, target).status == 200);
  REQUIRE(scene.tokens.count() == 1);
  CHECK(scene.tokens.asked()[0].scopes == wanted);
  CHECK(scene.registry.requests().back().target == target);
}

TEST_CASE("A mount that token and policy allow goes through as it is") {
  token_scene scene;
  take_uploads(scene.registry);
  const auto target = mount_target("lib/base", GENERATE(true, false));
  auto client = scene.inside();
  CHECK(client.ask("POST", target).status == 201);
  CHECK(scene.registry.requests().back().target == target);
  CHECK_FALSE(has_mount_step(scene.proxy.finished()[0]));
}

TEST_CASE("Where the configuration wants uploads, no mount reaches into another repository") {
  token_scene scene;
  scene.proxy.serve(scene.registry, [&](forward::registry_options& options) {
    options.realms = {scene.tokens.realm()};
    options.policy.push = {"team-a/*"};
    options.policy.mount = auth::mount_rule::upload;
  });
  take_uploads(scene.registry);
  auto client = scene.inside();
  CHECK(client.ask("POST", mount_target("shared/base", true)).status == 202);
  REQUIRE(scene.tokens.count() == 1);
  CHECK(scene.tokens.asked()[0].scopes == std::vector<std::string>{"repository:team-a/app:pull,push"});
  for (const auto& one : scene.registry.requests()) CHECK(one.target == uploads);
}

TEST_CASE("T06 a mount from where policy forbids to pull becomes an upload, and its source is not asked for") {
  token_scene scene;
  scene.proxy.serve(scene.registry, [&](forward::registry_options& options) {
    options.realms = {scene.tokens.realm()};
    options.policy.pull = {"team-a/*"};
    options.policy.push = {"team-a/*"};
  });
  take_uploads(scene.registry);
  auto client = scene.inside();
  const auto answer = client.ask("POST", mount_target("secret/base", GENERATE(true, false)));
  CHECK(answer.status == 202);
  CHECK(answer.field("Location") == uploads + "state");
  REQUIRE(scene.tokens.count() == 1);
  CHECK(scene.tokens.asked()[0].scopes == std::vector<std::string>{"repository:team-a/app:pull,push"});
  for (const auto& one : scene.registry.requests()) CHECK(one.target == uploads);
  CHECK(has_mount_step(scene.proxy.finished()[0]));
}

TEST_CASE("A mount for which the token was granted no right to the source becomes an upload") {
  token_scene scene;
  scene.tokens.grants("repository:team-a/app:pull,push");
  take_uploads(scene.registry);
  const auto target = mount_target("lib/base", GENERATE(true, false));
  auto client = scene.inside();
  // The second time the token comes from the cache.
  for (int round = 0; round < 2; ++round) {
    CHECK(client.ask("POST", target).status == 202);
    CHECK(scene.registry.requests().back().target == uploads);
  }
  CHECK(scene.tokens.count() == 1);
  for (const auto& one : scene.proxy.finished(2)) CHECK(has_mount_step(one));
}

TEST_CASE("A mount that the registry refuses becomes an upload") {
  token_scene scene;
  if (GENERATE(true, false)) scene.tokens.opaque();
  const auto refusal = GENERATE(401, 403);
  scene.registry.on("POST", uploads + "?*")
      .answer(refusal, "No")
      .header("WWW-Authenticate", scene.tokens.challenge(R"(,error="insufficient_scope")"))
      .body(R"({"errors":[{"code":"DENIED","message":"no"}]})");
  take_uploads(scene.registry);
  auto client = scene.inside();
  const auto answer = client.ask("POST", mount_target("lib/base", GENERATE(true, false)));
  CHECK(answer.status == 202);
  CHECK(answer.field("Location") == uploads + "state");
  CHECK(scene.registry.requests().back().target == uploads);
  CHECK(scene.tokens.is_good(scene.registry.requests().back().authorization()));
  const auto done = scene.proxy.finished()[0];
  CHECK(has_mount_step(done));
  CHECK_FALSE(done.explanation.has_value());
}

TEST_CASE("A mount's other refusals reach the client, and so does that of the upload it became") {
  token_scene scene;
  scene.registry.on("POST", uploads + "?*").answer(403, "No").body("{}");
  scene.registry.on("POST", uploads).answer(403, "No").body("{}");
  auto client = scene.inside();
  CHECK(client.ask("POST", mount_target("lib/base", true)).status == 403);
  CHECK(scene.registry.requests().back().target == uploads);
  CHECK(scene.registry.requests().size() == 3);
}

TEST_CASE("A mount with a body is not sent again without it") {
  token_scene scene;
  scene.registry.on("POST", uploads + "?*").answer(403, "No").body("{}");
  take_uploads(scene.registry);
  auto client = scene.inside();
  CHECK(client.ask("POST", mount_target("lib/base", true), {}, "layer").status == 403);
  CHECK(scene.registry.count("POST", uploads) == 1);
}

TEST_CASE("T06 repeated parameters of a mount are refused") {
  token_scene scene;
  auto client = scene.inside();
  CHECK(client.ask("POST", mount_target("team-a/x", true) + "&from=secret%2Fbase").status == 400);
  CHECK(scene.registry.requests().empty());
}
