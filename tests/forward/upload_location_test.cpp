// An upload's Locations belong to the repository whose POST opened it, whatever they look like.
#include "support/proxy_under_test.hpp"

#include <catch2/catch.hpp>

using namespace regpass;
using namespace regpass::testing;

namespace {

const std::string uploads = "/v2/p/r/app/blobs/uploads/";
const std::string package = "/v2/p/r/pkg/blobs/uploads/";  // parses as a push to another repository
const std::string push_scope = "repository:p/r/app:pull,push";
const std::string by_digest = "digest=" + digest_of("layer");

void allow_push_to_app_only(forward::registry_options& options) {
  options.policy.push = {"p/r/app"};
}

struct push_scene : token_scene {
  push_scene() {
    proxy.serve(registry, [&](forward::registry_options& options) {
      options.realms = {tokens.realm()};
      allow_push_to_app_only(options);
    });
  }
  // Every request that changes something came with a token for the repository whose upload it is.
  void check_scopes() const {
    for (const auto& asked : tokens.asked()) CHECK(asked.scopes == std::vector<std::string>{push_scope});
    for (const auto& one : registry.requests()) {
      if (one.method == "PATCH" || one.method == "PUT") CHECK(tokens.allows(one.authorization(), push_scope));
    }
  }
};

}  // namespace

TEST_CASE("R1: an upload goes on at a path that names another repository, for policy, token and log") {
  push_scene scene;
  const auto base = GENERATE(false, true) ? scene.registry.url() : std::string();
  scene.registry.on("POST", uploads).answer(202, "Accepted").header("Location", base + "/artifacts-uploads/n/p/ID");
  scene.registry.on("PATCH", "/artifacts-uploads/n/p/ID")
      .answer(202, "Accepted")
      .header("Location", base + package + "ID");
  scene.registry.on("PUT", package + "ID").answer(201, "Created");
  auto client = scene.inside();
  CHECK(client.ask("POST", uploads).status == 202);
  CHECK(client.ask("PATCH", "/artifacts-uploads/n/p/ID", {}, "layer").status == 202);
  CHECK(client.ask("PUT", package + "ID?" + by_digest).status == 201);
  scene.check_scopes();
  CHECK(scene.tokens.count() == 1);
  for (const auto& one : scene.proxy.finished(3)) CHECK(one.evidence.repository == "p/r/app");
}

TEST_CASE("R1: each answer's new Location is followed, whatever its status") {
  push_scene scene;
  const auto status = GENERATE(202, 204, 416);
  scene.registry.on("POST", uploads).answer(202, "Accepted").header("Location", package + "1");
  scene.registry.on("PATCH", package + "1")
      .answer(status, "Some")
      .header("Location", package + "2")
      .header("Range", "0-4");
  scene.registry.on("GET", package + "2").answer(204, "No Content").header("Location", "/elsewhere/3?state=x%2Fy");
  scene.registry.on("PUT", "/elsewhere/3").answer(201, "Created");
  auto client = scene.inside();
  CHECK(client.ask("POST", uploads).status == 202);
  CHECK(client.ask("PATCH", package + "1", {}, "layer").status == status);
  CHECK(client.ask("GET", package + "2").status == 204);
  CHECK(client.ask("PUT", "/elsewhere/3?" + by_digest + "&state=x%2Fy").status == 201);
  for (const auto& one : scene.registry.requests("PUT", ""))
    CHECK(scene.tokens.allows(one.authorization(), push_scope));
}

TEST_CASE("R1: a Location that the API's grammar does not know is followed as it was given") {
  push_scene scene;
  const std::string location = GENERATE(as<std::string>(), "/v2/p/r/app/blobs/uploads/AB%2FCD", "/u//x/ID",
                                        "/v2/u;p=1/ID", "/v2/p/r/pkg/blobs/uploads/", "/v2/P/R/blobs/uploads/x",
                                        "/u/ID?a=1;b=2", "/v2/p/r/pkg/manifests/latest");
  INFO(location);
  const auto path = location.substr(0, location.find('?'));
  scene.registry.on("POST", uploads).answer(202, "Accepted").header("Location", location);
  scene.registry.on("PUT", path).answer(201, "Created");
  auto client = scene.inside();
  CHECK(client.ask("POST", uploads).status == 202);
  CHECK(client.ask("PUT", location + (path == location ? "?" : "&") + by_digest, {}, "layer").status == 201);
  scene.check_scopes();
}

TEST_CASE("R1: a Location that clients have to escape is followed as they send it") {
  push_scene scene;
  const auto [location, sent] = GENERATE(table<std::string, std::string>({
      {R"(/up?state={"a":1})", "/up?state=%7B%22a%22%3A1%7D"},
      {"/up?state=a|b&x=[1]", "/up?state=a%7Cb&x=%5B1%5D"},
      {"/up/a b?c=d e", "/up/a%20b?c=d%20e"},
      {"/up/1#fragment", "/up/1"},
      {"/up/1?s=1", "/up/1"},  // a client that leaves the query out
  }));
  INFO(location);
  scene.registry.on("POST", uploads).answer(202, "Accepted").header("Location", location);
  scene.registry.on("PUT", sent.substr(0, sent.find('?'))).answer(201, "Created");
  auto client = scene.inside();
  CHECK(client.ask("POST", uploads).status == 202);
  const auto target = sent + (sent.find('?') == std::string::npos ? "?" : "&") + by_digest;
  CHECK(client.ask("PUT", location == "/up/1?s=1" ? sent : target, {}, "layer").status == 201);
  scene.check_scopes();
}

TEST_CASE("R1: uploads that differ by their query only belong each to its own repository") {
  token_scene scene;
  scene.registry.on("POST", "/v2/team-a/app/blobs/uploads/")
      .answer(202, "Accepted")
      .header("Location", "/u?id=1&s=a%2Fb");
  scene.registry.on("POST", "/v2/team-b/app/blobs/uploads/")
      .answer(202, "Accepted")
      .header("Location", "/u?id=2&s=a%2Fb");
  scene.registry.on("PUT", "/u").answer(201, "Created");
  auto client = scene.inside();
  CHECK(client.ask("POST", "/v2/team-a/app/blobs/uploads/").status == 202);
  CHECK(client.ask("POST", "/v2/team-b/app/blobs/uploads/").status == 202);
  CHECK(client.ask("PUT", "/u?" + by_digest + "&id=1&s=a%2Fb").status == 201);
  CHECK(client.ask("PUT", "/u?id=2&s=a%2fb&" + by_digest).status == 201);
  const auto puts = scene.registry.requests("PUT", "/u");
  REQUIRE(puts.size() == 2);
  CHECK(scene.tokens.allows(puts[0].authorization(), "repository:team-a/app:pull,push"));
  CHECK(scene.tokens.allows(puts[1].authorization(), "repository:team-b/app:pull,push"));
  CHECK(client.ask("PUT", "/u?id=3&s=a%2Fb&" + by_digest).status == 403);
  CHECK(scene.registry.requests("PUT", "/u")[2].authorization().empty());
}

TEST_CASE("R1: only what this registry handed out for an upload opens a path, and for nothing but the upload") {
  push_scene scene;
  scene.registry.on("POST", uploads).answer(202, "Accepted").header("Location", package + "ID");
  scene.registry.on("PUT", package + "ID")
      .answer(201, "Created")
      .header("Location", "/v2/p/r/pkg/blobs/" + digest_of("x"));
  scene.registry.on("*", "*").answer(202, "Accepted");
  auto client = scene.inside();
  CHECK(client.ask("PUT", package + "ID?" + by_digest).status == 403);  // not handed out yet
  CHECK(client.ask("POST", uploads).status == 202);
  CHECK(client.ask("PUT", package + "ID?" + by_digest).status == 201);
  for (const auto& target : {package + "ID2", package + "ID/", package + "id", package}) {
    INFO(target);
    CHECK(client.ask("PUT", target + "?" + by_digest).status != 201);
  }
  CHECK(client.ask("POST", package).status == 403);
  CHECK(client.ask("PUT", "/v2/p/r/pkg/manifests/1", {}, "{}").status == 403);
  CHECK(client.ask("DELETE", "/v2/p/r/pkg/blobs/" + digest_of("x")).status == 403);
  for (const auto& one : scene.registry.requests()) {
    if (!one.authorization().empty()) CHECK((one.target == uploads || one.target.starts_with(package + "ID?")));
  }
}

TEST_CASE("R1: through a mirror's prefix an upload goes on where its Location led") {
  push_scene scene;
  const std::string prefix = GENERATE("", "hub");
  scene.proxy.mirror(scene.registry.authority(), prefix);
  const auto base = GENERATE(false, true) ? scene.registry.url() : std::string();
  scene.registry.on("POST", uploads).answer(202, "Accepted").header("Location", base + "/artifacts-uploads/ID?u=1");
  scene.registry.on("PATCH", "/artifacts-uploads/ID").answer(202, "Accepted").header("Location", base + package + "ID");
  scene.registry.on("PUT", package + "ID").answer(201, "Created");
  auto client = scene.proxy.at_mirror();
  const auto follow = [&](const message& got) {
    const auto location = got.field("Location").value_or("");
    return location.starts_with("http://") ? location.substr(location.find('/', 7)) : location;
  };
  const auto begun = client.ask("POST", (prefix.empty() ? "" : "/" + prefix) + uploads);
  CHECK(begun.status == 202);
  const auto patched = client.ask("PATCH", follow(begun), {}, "layer");
  CHECK(patched.status == 202);
  CHECK(client.ask("PUT", follow(patched) + "?" + by_digest).status == 201);
  scene.check_scopes();
}

TEST_CASE("R1: an upload that this process did not see begin is explained when the registry refuses it") {
  push_scene scene;
  const auto [method, target] = GENERATE(table<std::string, std::string>(
      {{"PATCH", "/artifacts-uploads/n/p/ID"}, {"PUT", "/artifacts-uploads/n/p/ID?" + by_digest}}));
  auto client = scene.inside();
  const auto got = client.ask(method, target, {}, "layer");
  CHECK(got.status == 403);
  CHECK(got.field("X-Regpass-Cause") == "upload-unknown");
  CHECK_FALSE(got.has("WWW-Authenticate"));
  CHECK(got.body.find("begin") != std::string::npos);
  for (const auto& one : scene.registry.requests()) CHECK(one.authorization().empty());
}
