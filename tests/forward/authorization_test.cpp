// Whose Authorization goes upstream, and whose challenge comes back.
#include "regpass/base/text.hpp"
#include "support/proxy_under_test.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace regpass;
using namespace regpass::testing;

namespace {

constexpr std::string_view refusal = R"({"errors":[{"code":"DENIED","message":"no"}]})";

// What the registry itself was sent, apart from what it answered 401.
std::vector<std::string> authorizations(const fake_server& registry) {
  std::vector<std::string> all;
  for (const auto& one : registry.requests()) all.push_back(one.authorization());
  return all;
}

std::size_t asked_with_credential(const fake_token_server& tokens) {
  const auto all = tokens.asked();
  return static_cast<std::size_t>(
      std::ranges::count_if(all, [](const auto& one) { return !one.authorization.empty(); }));
}

void set_injection(token_scene& scene, auth::injection mode) {
  scene.proxy.serve(scene.registry, [&](forward::registry_options& options) {
    options.realms = {scene.tokens.realm()};
    options.injection = mode;
  });
}

}  // namespace

TEST_CASE("A ping is answered 200 with a token that was asked for without scope") {
  token_scene scene;
  scene.registry.on("GET", "/v2/").body("{}");
  auto client = scene.inside();
  const auto answer = client.ask("GET", "/v2/");
  CHECK(answer.status == 200);
  CHECK(answer.body == "{}");
  REQUIRE(scene.tokens.count() == 1);
  CHECK(scene.tokens.asked()[0].scopes.empty());
  CHECK(scene.tokens.asked()[0].service == "test-registry");
}

TEST_CASE("A challenge of a served registry never reaches a client") {
  token_scene scene;
  set_injection(scene, GENERATE(auth::injection::replace, auth::injection::add));
  scene.proxy.change([](forward::snapshot& from) { from.annotate = GENERATE(true, false); });
  const auto status = GENERATE(401, 403, 404, 200);
  scene.registry.requirement("", [](const std::string&) { return true; });
  scene.registry.on("*", "*").answer(status, "No").header("WWW-Authenticate", scene.tokens.challenge()).body("{}");
  auto client = scene.inside();
  const auto [method, target] = GENERATE(table<std::string, std::string>({
      {"GET", "/v2/"},
      {"GET", "/v2/team-a/app/manifests/1"},
      {"HEAD", "/v2/team-a/app/manifests/1"},
      {"POST", "/v2/team-a/app/blobs/uploads/"},
      {"GET", "/v2/team-a/app/_unknown"},
      {"PATCH", "/somewhere/else"},
  }));
  INFO(method << " " << target << " " << status);
  const auto answer = client.ask(method, target, {{"Authorization", "Bearer own"}});
  CHECK(answer.status != 0);
  CHECK_FALSE(answer.has("WWW-Authenticate"));
}

TEST_CASE("A 401 of a served registry reaches the client as 403") {
  token_scene scene;
  scene.registry.requirement(scene.tokens.challenge(R"(,error="insufficient_scope")"),
                             [](const std::string&) { return false; });
  auto client = scene.inside();
  const auto answer = client.ask("GET", "/v2/team-a/app/manifests/1");
  CHECK(answer.status == 403);
  CHECK(answer.field("X-Regpass-Cause").has_value());
}

TEST_CASE("A client's own Authorization is replaced") {
  token_scene scene;
  scene.registry.on("GET", "/v2/team-a/app/manifests/1").body("{}");
  const auto own = GENERATE("Bearer stale", "Basic Z3Vlc3Q6Z3Vlc3Q=", "");
  auto client = scene.inside();
  const auto answer =
      client.ask("GET", "/v2/team-a/app/manifests/1", {{"Authorization", own}, {"authorization", "Bearer two"}});
  CHECK(answer.status == 200);
  const auto sent = authorizations(scene.registry);
  REQUIRE(sent.size() == 2);
  CHECK(sent[0].empty());
  CHECK(scene.tokens.is_good(sent[1]));
}

TEST_CASE("In add mode a client's own Authorization goes first and ours only where there is none") {
  token_scene scene;
  set_injection(scene, auth::injection::add);
  scene.registry.on("GET", "/v2/team-a/app/manifests/1").body("{}");
  scene.registry.requirement(scene.tokens.challenge(), [&](const std::string& value) {
    return value == "Bearer own" || scene.tokens.is_good(value);
  });
  auto client = scene.inside();
  CHECK(client.ask("GET", "/v2/team-a/app/manifests/1", {{"Authorization", "Bearer own"}}).status == 200);
  CHECK(authorizations(scene.registry) == std::vector<std::string>{"Bearer own"});
  CHECK(scene.tokens.count() == 0);
  CHECK(client.ask("GET", "/v2/team-a/app/manifests/1").status == 200);
  CHECK(asked_with_credential(scene.tokens) == 1);
}

TEST_CASE("In add mode a refused Authorization of the client is not followed by ours") {
  token_scene scene;
  set_injection(scene, auth::injection::add);
  auto client = scene.inside();
  CHECK(client.ask("GET", "/v2/team-a/app/manifests/1", {{"Authorization", "Bearer stale"}}).status == 403);
  CHECK(authorizations(scene.registry) == std::vector<std::string>{"Bearer stale"});
  CHECK(scene.tokens.count() == 0);
}

TEST_CASE("A client's own Authorization that is refused says nothing about our token") {
  token_scene scene;
  set_injection(scene, auth::injection::add);
  scene.registry.on("GET", "/v2/team-a/app/manifests/1").body("{}");
  auto client = scene.inside();
  CHECK(client.ask("GET", "/v2/team-a/app/manifests/1").status == 200);
  CHECK(client.ask("GET", "/v2/team-a/app/manifests/1", {{"Authorization", "Bearer stale"}}).status == 403);
  CHECK(client.ask("GET", "/v2/team-a/app/manifests/1").status == 200);
  CHECK(asked_with_credential(scene.tokens) == 1);
  scene.proxy.finished(3);
  const auto lines = scene.proxy.log_lines("exchange");
  REQUIRE(lines.size() == 3);
  CHECK(lines[1].at("auth").as_string() == "client");
  CHECK_FALSE(lines[1].contains("token"));
}

TEST_CASE("In observe mode a request goes as it came and its answer comes as it was") {
  token_scene scene;
  set_injection(scene, auth::injection::observe);
  auto client = scene.inside();
  const auto refused = client.ask("GET", "/v2/team-a/app/manifests/1");
  CHECK(refused.status == 401);
  CHECK(refused.field("WWW-Authenticate") == scene.tokens.challenge());
  CHECK(refused.body.find("authentication required") != std::string::npos);
  CHECK(client.ask("GET", "/v2/team-a/app/manifests/1", {{"Authorization", "Bearer own"}}).status == 401);
  CHECK(authorizations(scene.registry) == std::vector<std::string>{"", "Bearer own"});
  CHECK(scene.tokens.count() == 0);
  CHECK(scene.proxy.finished(2)[0].explanation.has_value());
}

TEST_CASE("In observe mode a client's own handshake is watched, its token request included, and nothing is added") {
  token_scene scene;
  set_injection(scene, auth::injection::observe);
  scene.proxy.serve(scene.tokens.server(), [](auto& options) { options.injection = auth::injection::observe; });
  scene.tokens.grants("repository:team-a/app:pull");
  scene.registry.on("POST", "/v2/team-a/app/blobs/uploads/")
      .answer(401, "Unauthorized")
      .header("WWW-Authenticate", scene.tokens.challenge(R"(,error="insufficient_scope")"))
      .header("Docker-Distribution-Api-Version", "registry/2.0");
  const auto own = "Basic " + base64("carol:canary-own-password");
  scene.proxy.count_as_secret("canary-own-password");
  auto at_tokens = scene.proxy.inside(scene.tokens.server().authority());
  const auto got =
      at_tokens.ask("GET", "/token?service=s&scope=repository%3Ateam-a%2Fapp%3Apull%2Cpush", {{"Authorization", own}});
  REQUIRE(got.status == 200);
  const auto asked = scene.tokens.asked();
  REQUIRE(asked.size() == 1);
  CHECK(asked[0].authorization == own);
  const auto find = []<class Step>(const diagnosis::evidence& seen, const Step*) {
    for (const auto& one : seen.steps) {
      if (const auto* found = std::get_if<Step>(&one.step)) return *found;
    }
    return Step();
  };
  const auto seen = scene.proxy.finished().back().evidence;
  const auto request = find(seen, static_cast<const diagnosis::token_request_step*>(nullptr));
  CHECK(request.credential == diagnosis::authorization_kind::basic);
  CHECK(request.scope == "repository:team-a/app:pull,push");
  CHECK(find(seen, static_cast<const diagnosis::token_answer_step*>(nullptr)).granted == "repository:team-a/app:pull");

  const auto begin = got.body.find(R"("token":")") + 9;
  const auto token = got.body.substr(begin, got.body.find('"', begin) - begin);
  auto client = scene.inside();
  CHECK(client.ask("POST", "/v2/team-a/app/blobs/uploads/", {{"Authorization", "Bearer " + token}}).status == 401);
  const auto outcome = scene.proxy.finished(2).back();
  REQUIRE(outcome.explanation);
  CHECK(outcome.explanation->cause == "granted-less");
  const auto brought = find(outcome.evidence, static_cast<const diagnosis::cached_token_step*>(nullptr));
  CHECK(brought.granted == "repository:team-a/app:pull");
  CHECK(scene.registry.requests("POST", "").back().authorization() == "Bearer " + token);
}

TEST_CASE("What is no API request gets no credential of ours and keeps its own") {
  token_scene scene;
  scene.registry.requirement("", [](const std::string&) { return true; });
  scene.registry.on("*", "*").body("portal");
  auto client = scene.inside();
  CHECK(client.ask("GET", "/api/projects", {{"Authorization", "Basic b3du"}}).body == "portal");
  CHECK(client.ask("GET", "/").body == "portal");
  CHECK(authorizations(scene.registry) == std::vector<std::string>{"Basic b3du", ""});
  CHECK(scene.tokens.count() == 0);
}

TEST_CASE("T08 fields that a client must not send to a registry through us are taken out") {
  token_scene scene;
  scene.registry.on("GET", "/v2/team-a/app/manifests/1").body("{}");
  auto client = scene.inside();
  const header_list sent{{"Connection", "keep-alive, X-Nominated"},
                         {"X-Nominated", "1"},
                         {"Keep-Alive", "timeout=5"},
                         {"Proxy-Connection", "keep-alive"},
                         {"Proxy-Authorization", "Basic cHJveHk6cHJveHk="},
                         {"TE", "trailers"},
                         {"Upgrade", "h2c"},
                         {"X-Registry-Auth", "e30="},
                         {"X-Registry-Config", "e30="},
                         {"Forwarded", "for=10.0.0.1"},
                         {"X-Forwarded-For", "10.0.0.1"},
                         {"X-Forwarded-Host", "evil.test"},
                         {"X-Forwarded-Proto", "http"},
                         {"X-Real-IP", "10.0.0.1"}};
  CHECK(client.ask("GET", "/v2/team-a/app/manifests/1", sent).status == 200);
  for (const auto& request : scene.registry.requests()) {
    for (const auto& [name, value] : sent) {
      INFO(name);
      CHECK_FALSE(request.has(name));
    }
    CHECK(request.field("Via").value_or("").starts_with("1.1 regpass-"));
    CHECK(request.field("Host") == scene.registry.authority());
  }
}

TEST_CASE("T08 Connection cannot nominate what decides about the request") {
  token_scene scene;
  const auto name = GENERATE("authorization", "Host", "content-length", "Range");
  auto client = scene.inside();
  const auto answer = client.ask("GET", "/v2/team-a/app/manifests/1", {{"Connection", name}});
  CHECK(answer.status == 400);
  CHECK(scene.registry.requests().empty());
}

TEST_CASE("Other end-to-end fields go up and down as they came, repetitions and order included") {
  token_scene scene;
  scene.registry.on("GET", "/v2/team-a/app/manifests/1")
      .header("Docker-Content-Digest", "sha256:1")
      .header("Link", "<a>; rel=next")
      .header("Link", "<b>; rel=prev")
      .header("Set-Cookie", "a=1")
      .header("Set-Cookie", "b=2")
      .body(std::string(refusal));
  auto client = scene.inside();
  const header_list sent{{"Accept", "application/vnd.oci.image.index.v1+json"},
                         {"Accept", "application/vnd.oci.image.manifest.v1+json"},
                         {"Traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"},
                         {"User-Agent", "docker/20.10 UpstreamClient(Docker-Client/20.10 \\(linux\\))"},
                         {"Accept-Encoding", "gzip"},
                         {"Cookie", "c=3"}};
  const auto answer = client.ask("GET", "/v2/team-a/app/manifests/1", sent);
  CHECK(answer.all("Link") == std::vector<std::string>{"<a>; rel=next", "<b>; rel=prev"});
  CHECK(answer.all("Set-Cookie") == std::vector<std::string>{"a=1", "b=2"});
  const auto got = scene.registry.requests().back();
  CHECK(got.all("Accept").size() == 2);
  for (const auto& [name, value] : sent) CHECK(got.all(name).back() == (name == "Accept" ? sent[1].second : value));
}
