// Whole servers, started as `serve` starts them.
#include "daemon/server.hpp"

#include "support/common_ground.hpp"
#include "support/fake_token_server.hpp"
#include "support/raw_client.hpp"
#include "support/reachable_address.hpp"
#include "support/temporary_directory.hpp"

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <atomic>
#include <thread>
#include <vector>

using namespace regpass;
using namespace regpass::testing;

namespace {

result<std::unique_ptr<daemon::server>> start(boost::asio::io_context& control, const std::filesystem::path& state,
                                              const std::string& proxy) {
  config::inputs inputs;
  inputs.environment = {{"STATE_DIRECTORY", state.string()}};
  inputs.sets = {{"listen.proxy", proxy}, {"listen.health", ""}, {"listen.admin", ""}};
  auto loaded = config::load(inputs);
  REQUIRE(loaded.problems.empty());
  loaded.settings.process.workers = 2;  // share the address
  return daemon::server::start(control.get_executor(), std::move(loaded), inputs);
}

// A registry that wants tokens, and a regpass with two workers that serves it to clients without TLS.
class served_registry {
 public:
  served_registry() {
    tokens.guard(registry);
    const auto docker_config = place.put("config.json", fmt::format(R"({{"auths":{{"{}":{{"auth":"{}"}}}}}})",
                                                                    registry.authority(), "YWxpY2U6c2VjcmV0"));
    inputs.environment = {{"STATE_DIRECTORY", (place / "state").string()}};
    inputs.file = place.put("regpass.toml", fmt::format(R"(
[listen]
proxy = "127.0.0.1:0"
health = ""
admin = ""
[credentials]
docker_config = ["{}"]
[[registry]]
host = "{}"
realms = ["{}"]
ca_file = "{}"
upgrade_plain_http = true
)",
                                                        docker_config.string(), registry.authority(), tokens.realm(),
                                                        common_ground().upstream_trust.ca_file.string()));
    auto loaded = config::load(inputs);
    for (const auto& one : loaded.problems) FAIL(one.what);
    loaded.settings.process.workers = 2;
    auto started = daemon::server::start(control.get_executor(), std::move(loaded), inputs);
    if (!started) FAIL(started.error().detail);
    running = std::move(*started);
  }

  raw_client client() const {
    raw_client made(running->proxy_endpoint().port());
    made.address(registry.authority());
    return made;
  }
  std::string target(const std::string& path) const { return "http://" + registry.authority() + path; }

  temporary_directory place;
  fake_server registry;
  fake_token_server tokens;
  boost::asio::io_context control;
  config::inputs inputs;
  std::unique_ptr<daemon::server> running;
};

}  // namespace

TEST_CASE("Clients are served by all workers while credentials and configuration are read again") {
  constexpr int clients = 4;
  constexpr int rounds = 20;
  served_registry scene;
  scene.registry.on("GET", "/v2/*").body("{}");
  std::atomic<int> served = 0;
  std::atomic<int> ended = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < clients; ++i) {
    threads.emplace_back([&, i] {
      for (int j = 0; j < rounds; ++j) {
        auto client = scene.client();
        const auto repository = fmt::format("team-{}/app-{}", i, j % 3);
        const auto got = client.ask("GET", scene.target("/v2/" + repository + "/manifests/1"));
        if (got.status == 200) ++served;
      }
      ++ended;
    });
  }
  while (ended < clients) {
    scene.running->reload();
    CHECK(scene.running->history().size() <= clients * rounds);
    CHECK_FALSE(scene.running->summary().empty());
  }
  for (auto& one : threads) one.join();
  CHECK(served == clients * rounds);
}

TEST_CASE("X2: emptying the configuration of a running server changes nothing and is said") {
  served_registry scene;
  scene.registry.on("GET", "/v2/*").body("{}");
  const std::string manifest = "/v2/team-a/app/manifests/1";
  const auto status = [&] {
    auto client = scene.client();
    return client.ask("GET", scene.target(manifest)).status;
  };
  CHECK(status() == 200);
  const auto before = content_of(*scene.inputs.file);
  scene.place.put("regpass.toml", "");
  scene.running->reload();
  CHECK_THAT(scene.running->summary(), Catch::Contains("the last reload was rejected") && Catch::Contains("is empty"));
  CHECK(status() == 200);  // by the [[registry]] that was there, which says where its token server is
  scene.place.put("regpass.toml", before);
  scene.running->reload();
  CHECK_THAT(scene.running->summary(), !Catch::Contains("rejected"));
}

TEST_CASE("E1: a host without an entry counts as asked once it has answered") {
  const auto address = reachable_address();
  if (!address) {
    WARN("this machine has no address but loopback and special ones: not tested here");
    return;
  }
  auto other = std::make_unique<fake_server>(fake_server::scheme::http, *address);
  other->on("GET", "/v2/").answer(401).body("no");
  const temporary_directory place;
  boost::asio::io_context control;
  config::inputs inputs;
  inputs.environment = {{"STATE_DIRECTORY", place.path().string()}};
  inputs.sets = {{"listen.proxy", "127.0.0.1:0"},
                 {"listen.health", ""},
                 {"listen.admin", ""},
                 {"other_hosts.ports", std::to_string(other->port())},
                 {"other_hosts.deny_private_addresses", "false"}};
  auto loaded = config::load(inputs);
  REQUIRE(loaded.problems.empty());
  const auto running = daemon::server::start(control.get_executor(), std::move(loaded), inputs);
  REQUIRE(running);
  const auto authority = other->authority();
  const auto status = [&] {
    raw_client client((*running)->proxy_endpoint().port());
    client.address(authority);
    return client.ask("GET", "http://" + authority + "/v2/").status;
  };
  SECTION("it answers") {
    CHECK(status() == 401);
    CHECK(other->count("GET", "/v2/") == 1);
    CHECK((*running)->passed_hosts() == std::vector<std::string>{authority});
  }
  SECTION("its port is closed") {
    other.reset();
    CHECK(status() >= 500);
    CHECK((*running)->passed_hosts().empty());
    CHECK(holds_soon([&] { return (*running)->history().size() == 1; }));
  }
}

TEST_CASE("A server that ends in the middle of requests lets go of everything") {
  const bool h2 = GENERATE(false, true);
  served_registry scene;
  if (h2) scene.registry.speak_h2();
  scene.registry.on("GET", "/v2/team-a/app/manifests/*").silent();
  scene.tokens.server()
      .on("GET", "/token")
      .when([](const received& what) { return what.target.find("slow") != std::string::npos; })
      .silent();
  auto waiting = scene.client();
  waiting.request("GET", scene.target("/v2/team-a/app/manifests/1"));
  auto without_token = scene.client();
  without_token.request("GET", scene.target("/v2/team-a/slow/manifests/1"));
  auto in_its_head = scene.client();
  in_its_head.send("GET ");
  CHECK(holds_soon([&] {
    return scene.registry.count("GET", "/v2/team-a/app") == 2 && scene.tokens.server().count("GET", "/token") == 2 &&
           scene.running->busy() == 2;
  }));
  scene.running.reset();
  CHECK(waiting.read_to_end().empty());
}

TEST_CASE("A second regpass of the same user does not get half of the clients") {
  const temporary_directory place;
  boost::asio::io_context control;
  const auto first = start(control, place / "one", "127.0.0.1:0");
  REQUIRE(first);
  const auto port = std::to_string((*first)->proxy_endpoint().port());
  const auto second = start(control, place / "two", "127.0.0.1:" + port);
  REQUIRE_FALSE(second);
  CHECK(second.error().detail == "cannot listen on 127.0.0.1:" + port + ": Address already in use");
}
