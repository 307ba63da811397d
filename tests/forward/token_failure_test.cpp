// Token servers that fail, and what a client then gets (T13, T14).
#include "support/proxy_under_test.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <thread>

using namespace regpass;
using namespace regpass::testing;
using namespace std::chrono_literals;

namespace {

const std::string manifest = "/v2/team-a/app/manifests/1";
const std::string uploads = "/v2/team-a/app/blobs/uploads/";  // is not tried without the credential
using script = std::function<void(sentence&)>;

engine_settings hasty() {
  engine_settings settings;
  settings.tokens.exchange_within = 400ms;
  settings.tokens.answer.response_bytes = 100'000;
  return settings;
}

std::string token_json(std::string_view token) {
  return R"({"token":")" + std::string(token) + R"("})";
}

struct failure {
  const char* what;
  int status;
  const char* cause;
  script how;
};

const failure failures[] = {
    {"401", 403, "credential-rejected",
     [](sentence& s) { s.answer(401, "No").body(R"({"details":"wrong password"})"); }},
    {"403", 403, "scope-refused", [](sentence& s) { s.answer(403, "No").body(R"({"details":"no"})"); }},
    {"500", 503, "token-server-error", [](sentence& s) { s.answer(500, "No").body("oops"); }},
    {"503", 503, "token-server-error", [](sentence& s) { s.answer(503, "No").body("oops"); }},
    {"429", 503, "token-server-error",
     [](sentence& s) { s.answer(429, "No").header("Retry-After", "2").body("slow down"); }},
    {"HTML", 503, "token-answer-is-page",
     [](sentence& s) { s.header("Content-Type", "text/html").body("<html>login</html>"); }},
    {"no token", 503, "token-answer-without-token", [](sentence& s) { s.body("{}"); }},
    {"token of another type", 503, "token-answer-without-token", [](sentence& s) { s.body(R"({"token":{"a":1}})"); }},
    {"control bytes", 503, "token-server-error", [](sentence& s) { s.body(token_json("a\\r\\nX: y")); }},
    {"a long token", 503, "token-server-error", [](sentence& s) { s.body(token_json(std::string(70'000, 'a'))); }},
    {"a long answer", 503, "token-server-error", [](sentence& s) { s.stream(200'000); }},
    {"an endless answer", 503, "token-server-error", [](sentence& s) { s.stream(1ULL << 40U).chunked(); }},
    {"a deep answer", 503, "token-server-error", [](sentence& s) { s.body(std::string(50'000, '[')); }},
    {"an unasked coding", 503, "token-server-error",
     [](sentence& s) { s.header("Content-Encoding", "gzip").body("\x1f\x8b\x08"); }},
    {"cut", 503, "token-server-error", [](sentence& s) { s.cut(); }},
    {"cut in its answer", 503, "token-server-error", [](sentence& s) { s.stream(1000).cut_after(10); }},
    {"silent", 503, "token-server-error", [](sentence& s) { s.silent(); }},
    {"drop by drop", 503, "token-server-error", [](sentence& s) { s.stream(99'000).pause(10s); }},
    {"no HTTP", 503, "token-server-error", [](sentence& s) { s.raw("SSH-2.0-OpenSSH_9\r\n").close(); }},
};

}  // namespace

TEST_CASE("T13 a token server that fails is told of, and nothing is sent without its token (F03)",
          "[limits.token_timeout][limits.token_response_bytes]") {
  const auto& one = failures[static_cast<std::size_t>(GENERATE(range(0, 19)))];
  INFO(one.what);
  token_scene scene(hasty());
  one.how(scene.tokens.server().on("GET", "/token"));
  auto client = scene.inside();
  const auto began = std::chrono::steady_clock::now();
  const auto got = client.ask("POST", uploads);
  CHECK(std::chrono::steady_clock::now() - began < 3s);
  CHECK(got.status == one.status);
  CHECK(got.field("X-Regpass-Cause") == one.cause);
  CHECK(got.has("Retry-After") == (one.status == 503));
  CHECK_FALSE(got.has("WWW-Authenticate"));
  CHECK(got.reason.find("127.0.0.1") != std::string::npos);
  CHECK(scene.registry.requests().size() == 1);
  CHECK(scene.tokens.count() == 1);
}

TEST_CASE("A token server that cannot be reached is 503, and so is one whose certificate is not good (F03)") {
  token_scene scene(hasty());
  const auto kind = GENERATE(0, 1, 2);
  fake_server plain(fake_server::scheme::http);
  std::string realm;
  if (kind == 0) {
    const fake_server gone;
    realm = gone.url("/token");
  } else if (kind == 1) {
    realm = "https://" + plain.authority() + "/token";
  } else {
    realm = "https://127.0.0.4:" + std::to_string(scene.tokens.server().port()) + "/token";  // not in its certificate
  }
  scene.registry.requirement("Bearer realm=\"" + realm + "\"", [](const std::string&) { return false; });
  scene.proxy.serve(scene.registry, [&](forward::registry_options& options) { options.realms = {realm}; });
  auto client = scene.inside();
  const auto got = client.ask("GET", manifest);
  CHECK(got.status == 503);
  CHECK(plain.requests().empty());
  CHECK(scene.tokens.count() == 0);
}

TEST_CASE("T22 a token server that never finishes its TLS handshake costs no more than the exchange's time") {
  token_scene scene(hasty());
  // A listener that accepts and says nothing.
  fake_server mute(fake_server::scheme::http);
  const auto realm = "https://" + mute.authority() + "/token";
  scene.registry.requirement("Bearer realm=\"" + realm + "\"", [](const std::string&) { return false; });
  scene.proxy.serve(scene.registry, [&](forward::registry_options& options) { options.realms = {realm}; });
  auto client = scene.inside();
  const auto began = std::chrono::steady_clock::now();
  CHECK(client.ask("GET", manifest).status == 503);
  CHECK(std::chrono::steady_clock::now() - began < 2s);
}

TEST_CASE("T11 a token server's redirect is not followed") {
  token_scene scene;
  fake_server canary;
  scene.tokens.server()
      .on("GET", "/token")
      .answer(GENERATE(301, 302, 307, 308), "Elsewhere")
      .header("Location", canary.url("/token"));
  auto client = scene.inside();
  CHECK(client.ask("GET", manifest).status == 503);
  CHECK(canary.connections() == 0);
  CHECK(scene.tokens.count() == 1);
}

TEST_CASE("T14 a refusal is remembered: the token server is not asked again for every request") {
  token_scene scene;
  scene.tokens.server().on("GET", "/token").answer(401, "No").body("{}");
  auto client = scene.inside();
  for (int i = 0; i < 5; ++i) CHECK(client.ask("POST", uploads).status == 403);
  CHECK(scene.tokens.count() == 1);
  // Another scope is another question; a new credential is asked about at once.
  CHECK(client.ask("POST", "/v2/team-b/app/blobs/uploads/").status == 403);
  CHECK(scene.tokens.count() == 2);
  scene.proxy.credential(scene.registry.authority(), auth::credential_kind::basic, "bob");
  CHECK(client.ask("POST", uploads).status == 403);
  CHECK(scene.tokens.count() == 3);
}

TEST_CASE("T14 trouble is remembered for a second only") {
  token_scene scene;
  scene.registry.on("GET", manifest).body("{}");
  scene.tokens.server().on("GET", "/token").times(1).answer(500, "No");
  auto client = scene.inside();
  for (int i = 0; i < 5; ++i) CHECK(client.ask("GET", manifest).status == 503);
  CHECK(scene.tokens.count() == 1);
  std::this_thread::sleep_for(1050ms);
  CHECK(client.ask("GET", manifest).status == 200);
  CHECK(scene.tokens.count() == 2);
}

TEST_CASE("T14 a hundred requests at a failing token server make one attempt (F03)") {
  token_scene scene;
  scene.tokens.server().on("GET", "/token").delay(100ms).answer(500, "No");
  std::vector<raw_client> clients;
  for (int i = 0; i < 100; ++i) clients.push_back(scene.inside());
  for (auto& one : clients) one.request("GET", manifest);
  for (auto& one : clients) CHECK(one.receive().status == 503);
  CHECK(scene.tokens.count() == 1);
}

TEST_CASE("A token server that wants a POST gets one, with user and password in its form") {
  token_scene scene;
  scene.registry.on("GET", manifest).body("{}");
  scene.tokens.server().on("GET", "/token").answer(GENERATE(400, 404, 405), "No");
  auto client = scene.inside();
  CHECK(client.ask("GET", manifest).status == 200);
  const auto asked = scene.tokens.asked();
  REQUIRE(asked.size() == 2);
  CHECK(asked[1].method == "POST");
  CHECK(asked[1].grant_type == "password");
  CHECK(asked[1].password == proxy_under_test::password_canary);
  CHECK(asked[1].authorization.empty());
  CHECK(asked[1].scopes == std::vector<std::string>{"repository:team-a/app:pull"});
}

TEST_CASE("A pooled connection to the token server that turns out to be dead costs nothing") {
  token_scene scene;
  scene.registry.on("*", "*").body("{}");
  scene.tokens.server()
      .on("GET", "/token")
      .when([](const received& one) { return one.connection == 1 && one.target.find("team-b") != std::string::npos; })
      .cut();
  auto client = scene.inside();
  CHECK(client.ask("GET", manifest).status == 200);
  CHECK(client.ask("GET", "/v2/team-b/app/manifests/1").status == 200);
}

TEST_CASE("While the token server is down a token that is there keeps working (F03)") {
  token_scene scene;
  scene.registry.on("GET", manifest).body("{}");
  auto client = scene.inside();
  CHECK(client.ask("GET", manifest).status == 200);
  scene.tokens.server().on("GET", "/token").cut();
  CHECK(client.ask("GET", manifest).status == 200);
  CHECK(client.ask("GET", "/v2/team-b/app/manifests/1").status == 503);
  CHECK(client.ask("GET", manifest).status == 200);
}
