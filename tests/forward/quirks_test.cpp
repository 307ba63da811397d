// Registries and token servers that deviate from the specification (docs/failures.md; TOK-04, TOK-15, TOK-18).
#include "forward/services/token_client.hpp"
#include "regpass/async/worker.hpp"
#include "support/proxy_under_test.hpp"

#include <catch2/catch.hpp>

#include <thread>

using namespace regpass;
using namespace regpass::testing;
using namespace std::chrono_literals;

namespace {

const std::string manifest = "/v2/team-a/app/manifests/1";
const std::string uploads = "/v2/team-a/app/blobs/uploads/";
const std::string mount = uploads + "?from=lib%2Fbase&mount=sha256%3A" + std::string(64, '0');

bool is_anonymous(const received& one) {
  return one.authorization().empty();
}

// The token server refuses whoever comes with a credential, and grants what anybody may.
void refuse_the_credential(token_scene& scene, int status, const std::string& anybody_may) {
  scene.tokens.grants(anybody_may);
  scene.tokens.server()
      .on("GET", "/token")
      .when([](const received& one) { return !is_anonymous(one); })
      .answer(status, "No")
      .body(R"({"errors":[{"code":"DENIED","message":"denied"}]})");
}

}  // namespace

TEST_CASE("TOK-18 a stale credential does not break the pull of a public image, and the log says so") {
  token_scene scene;
  refuse_the_credential(scene, GENERATE(401, 403), "repository:team-a/app:pull");
  scene.registry.on("GET", manifest).body("{}");
  auto client = scene.inside();
  for (int i = 0; i < 3; ++i) CHECK(client.ask("GET", manifest).status == 200);
  const auto asked = scene.tokens.asked();
  REQUIRE(asked.size() == 2);
  CHECK_FALSE(asked[0].authorization.empty());
  CHECK(asked[1].authorization.empty());
  CHECK(asked[1].account.empty());
  CHECK(asked[1].scopes == std::vector<std::string>{"repository:team-a/app:pull"});
  CHECK_FALSE(scene.proxy.finished(3)[0].explanation.has_value());
  // One line, however many pulls go without it.
  const auto said = scene.proxy.log_lines("notice");
  REQUIRE(said.size() == 1);
  CHECK(said[0].at("cause").as_string() == "credential-spoils-public-pull");
  CHECK(said[0].at("credential").at("source").as_string() == "/run/secrets/config.json");
  CHECK(said[0].at("level").as_string() == "warn");
  for (const auto& line : scene.proxy.log_lines("exchange")) {
    CHECK(line.at("credential").at("passed_over").as_bool());
    CHECK_FALSE(line.contains("explanation"));
  }
}

TEST_CASE("TOK-18 what writes is never tried without the credential") {
  token_scene scene;
  refuse_the_credential(scene, 401, "repository:team-a/app:pull,push");
  const auto [method, target] = GENERATE(table<std::string, std::string>({{"POST", uploads}, {"PUT", manifest}}));
  auto client = scene.inside();
  const auto got = client.ask(method, target);
  CHECK(got.status == 403);
  CHECK(got.field("X-Regpass-Cause") == "credential-rejected");
  for (const auto& one : scene.tokens.asked()) CHECK_FALSE(one.authorization.empty());
}

TEST_CASE("TOK-18 a private image's refusal names the credential that was refused") {
  token_scene scene;
  refuse_the_credential(scene, 401, "");
  if (GENERATE(true, false)) scene.tokens.opaque();
  scene.registry.on("GET", manifest).answer(401).header("WWW-Authenticate", scene.tokens.challenge());
  auto client = scene.inside();
  const auto got = client.ask("GET", manifest);
  CHECK(got.status == 403);
  CHECK(got.field("X-Regpass-Cause") == "credential-rejected");
}

TEST_CASE("A refused Basic credential does not break the pull of a public image") {
  open_scene scene;
  scene.proxy.credential(scene.registry.authority());
  scene.registry.on("GET", "/v2/private/manifests/1").answer(401).header("WWW-Authenticate", R"(Basic realm="r")");
  scene.registry.on("GET", manifest).when(is_anonymous).body("{}");
  scene.registry.on("GET", manifest).answer(401).header("WWW-Authenticate", R"(Basic realm="r")");
  auto client = scene.inside();
  const auto refused = client.ask("GET", "/v2/private/manifests/1");
  CHECK(refused.status == 403);
  CHECK(refused.field("X-Regpass-Cause") == "credential-rejected");
  CHECK(client.ask("GET", manifest).status == 200);
  const auto got = scene.registry.requests("GET", manifest);
  REQUIRE(got.size() == 2);
  CHECK_FALSE(got[0].authorization().empty());
  CHECK(got[1].authorization().empty());
  // Not again with every blob.
  for (int i = 0; i < 3; ++i) CHECK(client.ask("GET", manifest).status == 200);
  CHECK(scene.registry.requests("GET", manifest).size() == 5);
  CHECK(scene.proxy.log_lines("notice").size() == 1);
  // What is private still gets it, and says that it was refused.
  CHECK(client.ask("GET", "/v2/private/manifests/1").field("X-Regpass-Cause") == "credential-rejected");
}

TEST_CASE("A 401 without a challenge: it is asked for at /v2/") {
  open_scene scene;
  fake_token_server tokens;
  scene.proxy.serve(scene.registry, [&](forward::registry_options& options) { options.realms = {tokens.realm()}; });
  scene.proxy.credential(scene.registry.authority());
  scene.registry.on("GET", "/v2/").answer(401).header("WWW-Authenticate", tokens.challenge());
  auto& refusal = scene.registry.on("GET", manifest).when(is_anonymous).answer(401);
  if (GENERATE(false, true)) refusal.header("WWW-Authenticate", "");
  scene.registry.on("GET", manifest).body("{}");
  auto client = scene.inside();
  CHECK(client.ask("GET", manifest).status == 200);
  CHECK(scene.registry.requests().size() == 3);
  CHECK(client.ask("GET", manifest).status == 200);
  CHECK(scene.registry.requests().size() == 4);
  CHECK(tokens.count() == 1);
}

TEST_CASE("A token server that honours one scope of several is asked for the one that is needed alone") {
  token_scene scene;
  const bool says = GENERATE(true, false);
  if (!says) scene.tokens.opaque();
  // It honours the first one, or the last: what is needed for the upload, or what is not.
  const bool first = GENERATE(true, false);
  scene.tokens.honours(first ? fake_token_server::honoured::first : fake_token_server::honoured::last);
  scene.registry.on("POST", uploads + "?*").answer(GENERATE(401, 403), "No");
  scene.registry.on("POST", uploads)
      .when([&](const received& one) {
        return scene.tokens.allows(one.authorization(), "repository:team-a/app:pull,push");
      })
      .answer(202, "Accepted")
      .header("Location", uploads + "state");
  scene.registry.on("POST", uploads).answer(403, "No");
  auto client = scene.inside();
  for (int i = 0; i < 3; ++i) CHECK(client.ask("POST", mount).status == 202);
  CHECK(client.ask("POST", uploads).status == 202);
  if (says) CHECK(scene.tokens.count() <= 2);
}

TEST_CASE("A token server's Retry-After is waited for, and passed on within bounds") {
  token_scene scene;
  scene.tokens.server().on("GET", "/token").times(1).answer(429, "No").header("Retry-After", "2");
  scene.tokens.server().on("GET", "/token").times(1).answer(503, "No").header("Retry-After", "4000");
  scene.registry.on("GET", "*").body("{}");
  auto client = scene.inside();
  CHECK(client.ask("GET", manifest).field("Retry-After") == "2");
  std::this_thread::sleep_for(1200ms);
  CHECK(client.ask("GET", manifest).status == 503);
  CHECK(scene.tokens.count() == 1);
  CHECK(client.ask("GET", "/v2/team-b/app/manifests/1").field("Retry-After") == "60");
  CHECK(scene.tokens.count() == 2);
}

TEST_CASE("A token endpoint that has moved is found again") {
  open_scene scene;
  fake_token_server tokens;
  std::string old_realm;
  {
    const fake_server gone;
    old_realm = gone.url("/token");
  }
  scene.proxy.serve(scene.registry,
                    [&](forward::registry_options& options) { options.realms = {tokens.realm(), old_realm}; });
  scene.proxy.credential(scene.registry.authority());
  scene.registry.on("GET", manifest)
      .times(1)
      .answer(401)
      .header("WWW-Authenticate", "Bearer realm=\"" + old_realm + "\"");
  scene.registry.on("GET", manifest).when(is_anonymous).answer(401).header("WWW-Authenticate", tokens.challenge());
  scene.registry.on("GET", manifest).body("{}");
  auto client = scene.inside();
  CHECK(client.ask("GET", manifest).status == 503);
  CHECK(client.ask("GET", manifest).status == 200);
  CHECK(client.ask("GET", manifest).status == 200);
  CHECK(tokens.count() == 1);
}

TEST_CASE("A credential that goes away while a token is asked for with it leaves no token behind") {
  async::worker elsewhere;  // outlives the proxy's thread, which may not have done yet when what it posted is here
  token_scene scene;
  scene.registry.on("GET", manifest).body("{}");
  scene.tokens.server().on("GET", "/token").times(1).delay(300ms).body(R"({"token":"canary-token-late"})");
  const auto generation = scene.proxy.credential(scene.registry.authority());
  scene.registry.requirement(scene.tokens.challenge(), [&](const std::string& value) {
    return value == "Bearer canary-token-late" || scene.tokens.is_good(value);
  });
  auto client = scene.inside();
  client.request("GET", manifest);
  REQUIRE(holds_soon([&] { return scene.tokens.count() == 1; }));
  elsewhere.start();
  async::start(elsewhere.get_executor(), scene.proxy.tokens().drop(generation)).get();
  CHECK(client.receive().status == 200);  // it began with that credential
  CHECK(client.ask("GET", manifest).status == 200);
  CHECK(scene.tokens.count() == 2);
  elsewhere.stop();
}

TEST_CASE("A hundred first pulls at once and then pushes make two token exchanges") {
  token_scene scene;
  scene.registry.on("*", "*").body("{}");
  std::vector<raw_client> clients;
  for (int i = 0; i < 100; ++i) clients.push_back(scene.inside());
  const auto all = [&](const std::string& method, const std::string& target) {
    for (auto& one : clients) one.request(method, target);
    for (auto& one : clients) CHECK(one.receive().status == 200);
  };
  all("GET", manifest);
  CHECK(scene.tokens.count() == 1);
  all("POST", uploads);
  CHECK(scene.tokens.count() == 2);
  for (int round = 0; round < 3; ++round) {
    all("POST", uploads);
    all("GET", manifest);
  }
  CHECK(scene.tokens.count() == 2);
}

TEST_CASE("A token is renewed when it is used past seven to eight tenths of its life, and not before") {
  using clock = std::chrono::steady_clock;
  token_scene scene;
  scene.tokens.expires_in(5);
  scene.registry.on("*", "*").body("{}");
  auto client = scene.inside();
  const auto before = clock::now();
  while (scene.tokens.count() < 2 && clock::now() - before < 30s) {
    CHECK(client.ask("POST", uploads).status == 200);
    std::this_thread::sleep_for(20ms);
  }
  CHECK(scene.tokens.count() == 2);
  CHECK(clock::now() - before >= 3500ms);
}
