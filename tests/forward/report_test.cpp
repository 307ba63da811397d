// The log's exchange line, and what must be in no line and no answer (T15, T26).
#include "support/proxy_under_test.hpp"

#include <boost/json/serialize.hpp>
#include <catch2/catch.hpp>

using namespace regpass;
using namespace regpass::testing;

namespace {

const std::string manifest = "/v2/team-a/app/manifests/1";

std::string text(const boost::json::value& value) {
  return std::string(value.as_string());
}

}  // namespace

TEST_CASE("The exchange line has client, request, credential and result") {
  token_scene scene;
  scene.registry.on("PUT", manifest).answer(201, "Created").body("made");
  auto client = scene.inside();
  CHECK(client.ask("PUT", manifest + "?digest=" + digest_of("x") + "&sig=canary-password", {}, "layer").status == 201);
  scene.proxy.finished();
  const auto lines = scene.proxy.log_lines("exchange");
  REQUIRE(lines.size() == 1);
  const auto& line = lines[0];
  CHECK(text(line.at("mode")) == "proxy");
  CHECK(text(line.at("client")).starts_with("127.0.0.1:"));
  CHECK(text(line.at("registry")) == scene.registry.authority());
  CHECK(text(line.at("repository")) == "team-a/app");
  CHECK(text(line.at("action")) == "push");
  CHECK(text(line.at("method")) == "PUT");
  CHECK(text(line.at("path")) == manifest + "?digest=" + digest_of("x") + "&sig=***");
  CHECK(boost::json::serialize(line.at("http")) == R"({"client":"1.1","upstream":"1.1"})");
  CHECK(line.at("status") == 201);
  CHECK(text(line.at("auth")) == "bearer");
  CHECK(text(line.at("credential").at("source")) == "/run/secrets/config.json");
  CHECK(text(line.at("credential").at("key")) == scene.registry.authority());
  CHECK(text(line.at("credential").at("username")) == "alice");
  CHECK(text(line.at("scope").at("needed")) == "repository:team-a/app:pull,push");
  CHECK(text(line.at("scope").at("requested")) == "repository:team-a/app:pull,push");
  CHECK(text(line.at("scope").at("granted")) == "repository:team-a/app:pull,push");
  CHECK(text(line.at("token").at("cache")) == "miss");
  CHECK(line.at("token").at("expires_in") == 300);
  CHECK(line.at("attempts") == 2);
  CHECK(line.at("bytes_in") == 5);
  CHECK(line.at("bytes_out") == 4);
  CHECK(line.at("duration_ms").to_number<int>() >= 0);
  CHECK(line.at("handshake").as_array().size() > 4);
  CHECK_FALSE(line.contains("explanation"));
}

TEST_CASE("The exchange line says whether the token was cached") {
  token_scene scene;
  scene.registry.on("GET", manifest).body("{}");
  auto client = scene.inside();
  client.ask("GET", manifest);
  client.ask("GET", manifest);
  scene.tokens.take_back_all();
  client.ask("GET", manifest);
  scene.proxy.finished(3);
  std::string words;
  for (const auto& line : scene.proxy.log_lines("exchange")) words += text(line.at("token").at("cache")) + " ";
  CHECK(words == "miss hit refreshed ");
}

TEST_CASE("An exchange line can be read back as the evidence it was made from") {
  token_scene scene;
  scene.tokens.grants("repository:team-a/app:pull");
  scene.registry.on("POST", "*")
      .answer(401, "No")
      .header("WWW-Authenticate", scene.tokens.challenge(R"(,error="insufficient_scope")"));
  auto client = scene.inside();
  client.ask("POST", "/v2/team-a/app/blobs/uploads/");
  const auto done = scene.proxy.finished();
  const auto lines = scene.proxy.log_lines("exchange");
  REQUIRE(lines.size() == 1);
  const auto read = diagnosis::from_json(boost::json::value(lines[0]));
  REQUIRE(read.has_value());
  const auto again = diagnosis::diagnose(*read);
  REQUIRE((again && done[0].explanation));
  CHECK(again->cause == "granted-less");
  CHECK(boost::json::serialize(diagnosis::to_json(*again)) ==
        boost::json::serialize(diagnosis::to_json(*done[0].explanation)));
}

TEST_CASE("The history keeps only the last exchanges") {
  engine_settings settings;
  settings.journal = 3;
  open_scene scene(settings);
  scene.registry.on("*", "*").body("{}");
  auto client = scene.inside();
  for (int i = 0; i < 5; ++i) client.ask("GET", "/v2/team-a/app/manifests/" + std::to_string(i));
  REQUIRE(holds_soon([&] { return scene.proxy.finished(3).back().evidence.path.ends_with("/4"); }));
  const auto kept = scene.proxy.finished(3);
  REQUIRE(kept.size() == 3);
  CHECK(kept[0].evidence.path == "/v2/team-a/app/manifests/2");
}

TEST_CASE("T15 a cookie goes to the client that asked, and with no other request to any registry") {
  open_scene scene;
  fake_server other;
  scene.proxy.serve(other);
  for (auto* server : {&scene.registry, &other})
    server->on("GET", manifest).header("Set-Cookie", "session=1").body("{}");
  auto client = scene.inside();
  CHECK(client.ask("GET", manifest).field("Set-Cookie") == "session=1");
  client.ask("GET", manifest);
  scene.inside().ask("GET", manifest);
  scene.proxy.inside(other.authority()).ask("GET", manifest);
  for (const auto& one : scene.registry.requests()) CHECK_FALSE(one.has("Cookie"));
  for (const auto& one : other.requests()) CHECK_FALSE(one.has("Cookie"));
}

TEST_CASE("T26 no refusal that a client reads holds a secret, whatever failed") {
  token_scene scene;
  const auto kind = GENERATE(0, 1, 2, 3, 4, 5);
  if (kind == 0) scene.tokens.server().on("GET", "/token").answer(401, "No").body(R"({"details":"no"})");
  if (kind == 1) scene.tokens.server().on("GET", "/token").body("<html>");
  if (kind == 2) scene.registry.on("GET", manifest).answer(403, "No");
  if (kind == 3)
    scene.registry.on("GET", manifest).answer(401, "No").header("WWW-Authenticate", scene.tokens.challenge());
  if (kind == 4) scene.registry.on("GET", manifest).raw("junk\r\n\r\n");
  if (kind == 5) scene.proxy.serve(scene.registry);  // the realm is not approved
  auto client = scene.inside();
  client.request("GET", manifest + "?token=canary-password", {{"Connection", "close"}});
  const auto answer = client.read_to_end();
  CHECK(answer.find(" 2") != 8);
  for (const auto secret : {proxy_under_test::password_canary, fake_token_server::token_canary}) {
    CHECK(answer.find(secret) == std::string::npos);
  }
}
