// When a token is asked for, and when one that is there will do: counted at the token server and the registry.
#include "support/proxy_under_test.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <set>
#include <thread>

using namespace regpass;
using namespace regpass::testing;
using namespace std::chrono_literals;

namespace {

const std::string manifest = "/v2/team-a/app/manifests/1";
const std::string uploads = "/v2/team-a/app/blobs/uploads/";

void answer_everything(fake_server& registry) {
  registry.on("*", "*").body("{}");
}

}  // namespace

TEST_CASE("A token that is there adds no round trip") {
  token_scene scene;
  answer_everything(scene.registry);
  auto client = scene.inside();
  CHECK(client.ask("GET", manifest).status == 200);
  CHECK(scene.registry.requests().size() == 2);
  for (int i = 0; i < 5; ++i) CHECK(client.ask("GET", manifest).status == 200);
  CHECK(scene.registry.requests().size() == 7);
  CHECK(scene.tokens.count() == 1);
}

TEST_CASE("Tokens are shared by all client connections") {
  token_scene scene;
  answer_everything(scene.registry);
  for (int i = 0; i < 5; ++i) CHECK(scene.inside().ask("GET", manifest).status == 200);
  CHECK(scene.tokens.count() == 1);
  CHECK(scene.registry.requests().size() == 6);
}

TEST_CASE("A wider token serves a narrower need, and never the other way round") {
  token_scene scene;
  answer_everything(scene.registry);
  auto client = scene.inside();
  struct step {
    std::string method;
    std::string target;
    std::size_t tokens;  // asked for by then
  };
  const std::vector<step> steps{
      {"POST", uploads, 1},
      {"GET", manifest, 1},
      {"GET", "/v2/", 1},
      {"GET", "/v2/team-b/app/manifests/1", 2},
      {"POST", "/v2/team-b/app/blobs/uploads/", 3},  // push after pull
      {"GET", "/v2/team-b/app/manifests/1", 3},
  };
  for (const auto& [method, target, tokens] : steps) {
    INFO(method << " " << target);
    CHECK(client.ask(method, target).status == 200);
    CHECK(scene.tokens.count() == tokens);
  }
}

TEST_CASE("A hundred first requests at once make one token exchange (F03)") {
  token_scene scene;
  answer_everything(scene.registry);
  scene.tokens.server().on("GET", "/slow").body("");
  std::vector<raw_client> clients;
  for (int i = 0; i < 100; ++i) clients.push_back(scene.inside());
  for (auto& one : clients) one.request("GET", manifest);
  for (auto& one : clients) CHECK(one.receive().status == 200);
  CHECK(scene.tokens.count() == 1);
}

TEST_CASE("A request whose challenge comes late takes the token that came meanwhile") {
  open_scene scene;
  fake_token_server tokens;
  scene.proxy.serve(scene.registry, [&](forward::registry_options& options) { options.realms = {tokens.realm()}; });
  const auto bare = [](const received& one) { return one.authorization().empty(); };
  scene.registry.on("GET", manifest)
      .when([](const received& one) { return one.authorization().empty() && one.has("X-Slow"); })
      .delay(300ms)
      .answer(401)
      .header("WWW-Authenticate", tokens.challenge());
  scene.registry.on("GET", manifest).when(bare).answer(401).header("WWW-Authenticate", tokens.challenge());
  scene.registry.on("GET", manifest).body("{}");
  auto slow = scene.inside();
  auto quick = scene.inside();
  slow.request("GET", manifest, {{"X-Slow", "1"}});
  REQUIRE(holds_soon([&] { return scene.registry.requests().size() == 1; }));
  CHECK(quick.ask("GET", manifest).status == 200);
  CHECK(slow.receive().status == 200);
  CHECK(tokens.count() == 1);
}

TEST_CASE("A token is renewed behind the requests when 80 % of its life are over") {
  token_scene scene;
  answer_everything(scene.registry);
  scene.tokens.expires_in(4);
  auto client = scene.inside();
  CHECK(client.ask("GET", manifest).status == 200);
  const auto first = scene.registry.requests().back().authorization();
  std::this_thread::sleep_for(3250ms);
  // While its successor is on its way the old one serves.
  scene.tokens.server().on("GET", "/token").times(1).delay(50ms).answer(500);
  CHECK(client.ask("GET", manifest).status == 200);
  CHECK(scene.registry.requests().back().authorization() == first);
  REQUIRE(holds_soon([&] { return scene.tokens.count() == 2; }));
  // A renewal that failed leaves the old one in force.
  CHECK(client.ask("GET", manifest).status == 200);
  CHECK(scene.registry.requests().back().authorization() == first);
}

TEST_CASE("A renewed token takes over without a request having waited for it") {
  token_scene scene;
  answer_everything(scene.registry);
  scene.tokens.expires_in(4);
  auto client = scene.inside();
  CHECK(client.ask("GET", manifest).status == 200);
  const auto first = scene.registry.requests().back().authorization();
  std::this_thread::sleep_for(3250ms);
  CHECK(client.ask("GET", manifest).status == 200);
  CHECK(scene.registry.requests().back().authorization() == first);
  std::size_t asked = 2;
  REQUIRE(holds_soon([&] {
    ++asked;
    client.ask("GET", manifest);
    return scene.registry.requests().back().authorization() != first;
  }));
  CHECK(scene.tokens.count() == 2);
  CHECK(scene.registry.requests().size() == asked + 1);  // the first challenge
}

TEST_CASE("An expired token is not sent any more") {
  token_scene scene;
  answer_everything(scene.registry);
  scene.tokens.expires_in(1);
  auto client = scene.inside();
  CHECK(client.ask("GET", manifest).status == 200);
  const auto first = scene.registry.requests().back().authorization();
  std::this_thread::sleep_for(1100ms);
  CHECK(client.ask("GET", manifest).status == 200);
  CHECK(scene.registry.requests().back().authorization() != first);
  CHECK(scene.registry.requests().size() == 3);
}

TEST_CASE("A cached token that the registry refuses is replaced once, and the request sent again") {
  token_scene scene;
  answer_everything(scene.registry);
  auto client = scene.inside();
  CHECK(client.ask("GET", manifest).status == 200);
  scene.tokens.take_back_all();
  CHECK(client.ask("GET", manifest).status == 200);
  CHECK(scene.tokens.count() == 2);
  CHECK(scene.registry.requests().size() == 4);
  CHECK_FALSE(scene.proxy.finished(2)[1].explanation.has_value());
}

TEST_CASE("A refused token is not replaced by another one that is as old") {
  token_scene scene;
  answer_everything(scene.registry);
  auto client = scene.inside();
  CHECK(client.ask("GET", manifest).status == 200);
  CHECK(client.ask("POST", uploads).status == 200);  // a wider one
  scene.tokens.take_back_all();
  CHECK(client.ask("GET", manifest).status == 200);
  CHECK(client.ask("POST", uploads).status == 200);
  CHECK(scene.tokens.count() == 4);
}

TEST_CASE("T14 a registry that refuses every token is asked twice for a request at most, and for one new token") {
  token_scene scene;
  answer_everything(scene.registry);
  auto client = scene.inside();
  CHECK(client.ask("GET", manifest).status == 200);
  scene.registry.requirement(scene.tokens.challenge(R"(,error="invalid_token")"),
                             [](const std::string&) { return false; });
  for (std::size_t i = 1; i <= 3; ++i) {
    CHECK(client.ask("GET", manifest).status == 403);
    CHECK(scene.registry.requests().size() == 3 + i);
    CHECK(scene.tokens.count() == 2);
  }
}

TEST_CASE("A refused token is not tried again with a body that has started, but the next request gets a new one") {
  token_scene scene;
  answer_everything(scene.registry);
  auto client = scene.inside();
  CHECK(client.ask("PUT", manifest, {}, "{}").status == 200);
  scene.tokens.take_back_all();
  CHECK(client.ask("PUT", manifest, {}, "{}").status == 403);
  CHECK(scene.registry.count("PUT", manifest) == 2);
  CHECK(client.ask("PUT", manifest, {}, "{}").status == 200);
  CHECK(scene.tokens.count() == 2);
}

TEST_CASE("A token that was granted less than asked is not asked for again and again") {
  token_scene scene;
  scene.tokens.grants("repository:team-a/app:pull");
  scene.registry.on("POST", uploads)
      .answer(401, "No")
      .header("WWW-Authenticate", scene.tokens.challenge(R"(,error="insufficient_scope")"));
  auto client = scene.inside();
  for (int i = 0; i < 3; ++i) {
    const auto got = client.ask("POST", uploads);
    CHECK(got.status == 403);
    CHECK(got.field("X-Regpass-Cause") == "granted-less");
  }
  CHECK(scene.tokens.count() == 1);
  CHECK(scene.registry.requests().size() == 4);
}

TEST_CASE("T07 another credential never gets the token of the one before") {
  token_scene scene;
  answer_everything(scene.registry);
  auto client = scene.inside();
  CHECK(client.ask("GET", manifest).status == 200);
  const auto first = scene.registry.requests().back().authorization();
  scene.proxy.credential(scene.registry.authority(), auth::credential_kind::basic, "bob");
  CHECK(client.ask("GET", manifest).status == 200);
  CHECK(scene.registry.requests().back().authorization() != first);
  CHECK(scene.tokens.asked().back().account == "bob");
}

TEST_CASE("T07 two registries behind one token server have their own tokens") {
  token_scene scene;
  fake_server second;
  scene.tokens.guard(second);
  answer_everything(scene.registry);
  answer_everything(second);
  scene.proxy.serve(second, [&](forward::registry_options& options) { options.realms = {scene.tokens.realm()}; });
  scene.proxy.credential(second.authority());
  CHECK(scene.inside().ask("GET", manifest).status == 200);
  CHECK(scene.proxy.inside(second.authority()).ask("GET", manifest).status == 200);
  CHECK(scene.tokens.count() == 2);
  CHECK(scene.registry.requests().back().authorization() != second.requests().back().authorization());
}

TEST_CASE("T07 of many requests at once, each comes with a token of its own registry, identity and scope") {
  token_scene scene;
  fake_server second;
  scene.tokens.guard(second);
  scene.proxy.serve(second, [&](forward::registry_options& options) { options.realms = {scene.tokens.realm()}; });
  scene.proxy.credential(second.authority(), auth::credential_kind::basic, "bob");
  const auto scope_of = [](const std::string& target) {
    return "repository:" + target.substr(4, target.find("/manifests") - 4) + ":pull";
  };
  for (auto* one : {&scene.registry, &second}) {
    one->on("GET", "*")
        .when([&](const received& what) { return scene.tokens.allows(what.authorization(), scope_of(what.target)); })
        .body("{}");
  }
  std::atomic<int> good{0};
  const auto ask = [&](int number) {
    for (int i = 0; i < 8; ++i) {
      const auto& where = (number + i) % 2 == 0 ? scene.registry : second;
      auto client = scene.proxy.inside(where.authority());
      const auto target = "/v2/team-" + std::to_string((number * 3 + i) % 4) + "/app/manifests/1";
      good += client.ask("GET", target).status == 200 ? 1 : 0;
    }
  };
  std::vector<std::thread> clients;
  for (int number = 0; number < 8; ++number) clients.emplace_back(ask, number);
  for (auto& one : clients) one.join();
  CHECK(good == 64);

  std::set<std::string> firsts;
  for (const auto& one : scene.registry.requests()) firsts.insert(one.authorization());
  firsts.erase("");
  CHECK_FALSE(firsts.empty());
  for (const auto& one : second.requests()) CHECK_FALSE(firsts.contains(one.authorization()));
  for (const auto& one : scene.tokens.asked()) CHECK((one.account == "alice" || one.account == "bob"));
}

TEST_CASE("The token cache is bounded (F12)", "[limits.cached_tokens]") {
  engine_settings settings;
  settings.tokens.cached_tokens = 2;
  token_scene scene(settings);
  answer_everything(scene.registry);
  auto client = scene.inside();
  for (const auto* name : {"a", "b", "c", "c", "b", "a"}) {
    CHECK(client.ask("GET", std::string("/v2/") + name + "/manifests/1").status == 200);
  }
  CHECK(scene.tokens.count() == 4);
}
