// Which of several credentials a request gets, seen from the registry and the token server.
#include "forward/services/services.hpp"
#include "regpass/async/worker.hpp"
#include "regpass/base/text.hpp"
#include "support/proxy_under_test.hpp"
#include "support/script.hpp"

#include <catch2/catch.hpp>

using namespace regpass;
using namespace regpass::testing;

namespace {

const std::string manifest = "/v2/team-a/app/manifests/1";
const std::string uploads = "/v2/team-a/app/blobs/uploads/";

void add(proxy_under_test& proxy, const fake_server& registry, const std::string& user, auth::range limits) {
  const auto made =
      std::make_shared<auth::credential>(auth::credential{.kind = auth::credential_kind::basic,
                                                          .username = user,
                                                          .value = secret(proxy_under_test::password_canary),
                                                          .source = "/run/secrets/" + user,
                                                          .key = "[[registry.credential]] 1",
                                                          .generation = auth::next_generation()});
  proxy.change([&](forward::snapshot& from) {
    auth::credential_entry entry;
    entry.host = registry::parse_host(registry.authority()).value();
    entry.credential = made;
    entry.source = made->source;
    entry.key = made->key;
    entry.range = std::move(limits);
    from.credentials.entries.push_back(std::move(entry));
  });
}

std::string basic(const std::string& user) {
  return "Basic " + base64(user + ":" + std::string(proxy_under_test::password_canary));
}

}  // namespace

TEST_CASE("Pulls with one credential and pushes with another, each with tokens of its own") {
  token_scene scene;
  scene.registry.on("*", "*").body("{}");
  add(scene.proxy, scene.registry, "robot",
      {.path = {}, .repositories = {"team-a/*"}, .actions = {registry::action::push}, .configured = true});
  auto client = scene.inside();
  CHECK(client.ask("GET", manifest).status == 200);
  CHECK(client.ask("POST", uploads).status == 200);
  CHECK(client.ask("GET", manifest).status == 200);
  CHECK(client.ask("POST", "/v2/team-b/app/blobs/uploads/").status == 200);
  const auto asked = scene.tokens.asked();
  REQUIRE(asked.size() == 3);
  CHECK(asked[0].authorization == basic("alice"));
  CHECK(asked[1].authorization == basic("robot"));
  CHECK(asked[2].authorization == basic("alice"));
  REQUIRE(scene.proxy.finished(4).size() == 4);
  const auto lines = scene.proxy.log_lines("exchange");
  REQUIRE(lines.size() == 4);
  CHECK(lines[1].at("credential").at("source") == "/run/secrets/robot");
  CHECK(lines[1].at("credential").at("others").at(0).at("why") == "a more specific entry is used");
  CHECK(lines[2].at("credential").at("username") == "alice");
  CHECK(lines[2].at("credential").at("others").at(0).at("why") == "is only for push in team-a/*");
}

TEST_CASE("A push for which only a pull credential is configured says what is missing") {
  open_scene scene;
  add(scene.proxy, scene.registry, "reader",
      {.path = {}, .repositories = {}, .actions = {registry::action::pull}, .configured = true});
  scene.registry.requirement(R"(Basic realm="r")", [](const std::string& value) { return value == basic("reader"); });
  scene.registry.on("*", "*").body("{}");
  auto client = scene.inside();
  CHECK(client.ask("GET", manifest).status == 200);
  const auto got = client.ask("POST", uploads);
  CHECK(got.status == 403);
  CHECK(got.field("X-Regpass-Cause") == "no-credential");
  CHECK_THAT(got.body, Catch::Contains("[[registry.credential]] 1 in /run/secrets/reader is only for pull"));
  for (const auto& one : scene.registry.requests()) CHECK((one.method == "GET" || one.authorization().empty()));
}

namespace {

// Outlives the proxy's thread, which posts to it.
struct programs_home {
  async::worker home;
};

// A proxy that asks the helper docker-credential-x for every host.
struct helped_scene : programs_home, open_scene {
  helped_scene() {
    home.start();
    proxy.programs(&client_of_programs);
    proxy.change([](forward::snapshot& from) {
      auto program = std::make_shared<auth::credential_program>();
      program->command = {"docker-credential-x"};
      auth::credential_entry entry;
      entry.program = program;
      entry.source = "/root/.docker/config.json";
      entry.key = "credsStore";
      from.credentials.entries.push_back(std::move(entry));
      from.credentials.sources.push_back("/root/.docker/config.json");
    });
    registry.on("*", "*").body("{}");
  }
  ~helped_scene() {
    CHECK(proxy.at_rest());
    home.stop();
  }
  void requirement(const std::string& user) {
    registry.requirement(R"(Basic realm="r")", [user](const std::string& value) { return value == basic(user); });
  }

  scripts programs;
  forward::credential_client client_of_programs{
      home.get_executor(), {}, {{"PATH", programs.search()}}, [](std::uint64_t) {}, std::chrono::milliseconds(0)};
};

}  // namespace

TEST_CASE("A helper whose credential was refused is asked again with the next request") {
  helped_scene scene;
  scene.requirement("fresh");
  scene.programs.put("docker-credential-x", R"(echo '{"Username":"stale","Secret":"canary-password"}')");
  CHECK(scene.inside().ask("GET", manifest).field("X-Regpass-Cause") == "credential-rejected");
  scene.programs.put("docker-credential-x", R"(echo '{"Username":"fresh","Secret":"canary-password"}')");
  REQUIRE(scene.proxy.finished(1).size() == 1);
  CHECK(scene.inside().ask("GET", manifest).status == 200);
  CHECK(scene.inside().ask("GET", manifest).status == 200);
  CHECK(scene.programs.runs() == 2);
}

TEST_CASE("A helper's credential reaches the registry, and its failure the client") {
  helped_scene scene;
  scene.requirement("helped");
  auto& programs = scene.programs;
  SECTION("it has one") {
    programs.put("docker-credential-x", R"(echo '{"Username":"helped","Secret":"canary-password"}')");
    auto client = scene.inside();
    CHECK(client.ask("GET", manifest).status == 200);
    CHECK(client.ask("POST", uploads).status == 200);
    CHECK(programs.runs() == 1);
    REQUIRE(scene.proxy.finished(2).size() == 2);
    const auto lines = scene.proxy.log_lines("exchange");
    CHECK(lines.at(0).at("credential").at("source") == "docker-credential-x");
  }
  SECTION("it fails") {
    programs.put("docker-credential-x", "echo keyring is locked, password=canary-password >&2; exit 2");
    auto client = scene.inside();
    const auto got = client.ask("GET", manifest);
    CHECK(got.status == 403);
    CHECK(got.field("X-Regpass-Cause") == "credential-undecodable");
    CHECK_THAT(got.body, Catch::Contains("docker-credential-x ended with status 2; the log of regpass has its output"));
    CHECK_THAT(got.body + got.reason, !Catch::Contains("keyring") && !Catch::Contains("canary"));
    const auto lines = scene.proxy.log_lines("credentials-rejected");
    REQUIRE(lines.size() == 1);
    CHECK(lines.front().at("printed") == "keyring is locked, password=***");
  }
  SECTION("it has none") {
    programs.put("docker-credential-x", "echo credentials not found in native keychain; exit 1");
    auto client = scene.inside();
    const auto got = client.ask("GET", manifest);
    INFO(got.body);
    CHECK(got.field("X-Regpass-Cause") == "no-credential");
  }
  SECTION("policy refuses before it is run") {
    programs.put("docker-credential-x", "exit 1");
    auto client = scene.inside();
    CHECK(client.ask("DELETE", manifest).status == 403);
    CHECK(programs.runs() == 0);
  }
}
