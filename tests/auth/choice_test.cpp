#include "regpass/auth/choice.hpp"

#include "support.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

namespace regpass::auth {
namespace {

void add(credential_store& store, std::string_view key, std::string problem = {}) {
  const auto slash = std::min(key.find('/'), key.size());
  auto one = std::make_shared<credential>();
  one->key = key;
  one->generation = next_generation();
  store.entries.push_back({.host = registry::parse_host(key.substr(0, slash)).value_or(registry::host{}),
                           .credential = problem.empty() ? one : nullptr,
                           .source = "f",
                           .key = std::string(key),
                           .problem = std::move(problem)});
}

choice chosen(std::initializer_list<std::string_view> keys, std::string_view wanted) {
  credential_store store;
  store.sources = {"f"};
  for (const auto key : keys) add(store, key);
  return choose(store, {registry::parse_host(wanted).value()});
}

std::string why(const choice& made) {
  return made.others.empty() ? "" : made.others.front().why;
}

void add_limited(credential_store& store, std::string_view key, range limits, std::string problem = {}) {
  add(store, "r.test", std::move(problem));
  auto& entry = store.entries.back();
  entry.key = key;
  entry.range = std::move(limits);
  if (!entry.credential) return;
  auto named = std::make_shared<credential>(*entry.credential);
  named->key = key;
  entry.credential = std::move(named);
}

range below(std::string path) {
  return {.path = std::move(path), .repositories = {}, .actions = {}, .configured = false};
}

range configured(std::vector<std::string> repositories, std::vector<registry::action> actions = {}) {
  return {.path = {}, .repositories = std::move(repositories), .actions = std::move(actions), .configured = true};
}

// The key of the entry that is used, or "none".
std::string used(const credential_store& store, registry::action action, std::string repository) {
  const auto made = choose(store, {registry::make_host("r.test", 443), std::move(repository), action});
  return made.credential ? made.credential->key : "none";
}

std::string reason(const choice& made, std::string_view key) {
  for (const auto& one : made.others) {
    if (one.key == key) return one.why;
  }
  return "";
}

}  // namespace

TEST_CASE("T31: only the exact canonical host gets a credential") {
  struct row {
    std::string_view key, wanted;
    bool found;
  };
  const auto [key, wanted, found] = GENERATE(values<row>({
      {"r.test", "r.test", true},
      {"R.TEST", "r.test", true},
      {"r.test.", "r.test", true},
      {"r.test:443", "r.test", true},
      {"r.test", "r.test:443", true},
      {"index.docker.io", "docker.io", true},
      {"docker.io", "registry-1.docker.io", true},
      {"r.test", "r.test:5443", false},
      {"r.test:5443", "r.test", false},
      {"r.test", "evil-r.test", false},
      {"r.test", "r.test.evil.com", false},
      {"example.com", "sub.example.com", false},
      {"sub.example.com", "example.com", false},
      {"azurecr.io", "evil.azurecr.io", false},
      {"ghcr.io", "ghcr.io.", true},
  }));
  const auto made = chosen({key}, wanted);
  CHECK((made.credential != nullptr) == found);
  CHECK(made.missing == (found ? absence::none : absence::no_entry));
  CHECK((made.others.empty() || !found));
}

TEST_CASE("the first entry wins and says whom it shadows") {
  const auto made = chosen({"index.docker.io", "s.test", "docker.io"}, "docker.io");
  REQUIRE(made.credential);
  CHECK(made.credential->key == "index.docker.io");
  REQUIRE(made.others.size() == 1);
  CHECK(made.others[0].key == "docker.io");
  CHECK(made.others[0].source == "f");
  CHECK(made.others[0].why == "shadowed by an earlier entry");
}

TEST_CASE("absence has a reason") {
  credential_store store;
  const wanted need{registry::make_host("r.test", 443)};
  CHECK(choose(store, need).missing == absence::no_sources);
  store.sources = {"f"};
  CHECK(choose(store, need).missing == absence::no_entry);
  add(store, "unrelated.example");
  CHECK(choose(store, need).missing == absence::no_entry);
  CHECK(choose(store, need).others.empty());
  add(store, "r.test", "auth is no base64");
  const auto made = choose(store, need);
  CHECK(made.missing == absence::unusable);
  CHECK(why(made) == "unusable: auth is no base64");
}

TEST_CASE("an unusable entry does not hide a usable one behind it") {
  credential_store store;
  add(store, "r.test", "the entry is empty");
  add(store, "r.test:443");
  const auto made = choose(store, {registry::make_host("r.test", 443)});
  CHECK(made.credential == store.entries[1].credential);
  CHECK(made.missing == absence::none);
  CHECK(why(made) == "unusable: the entry is empty");
}

TEST_CASE("a remark on the credential that is used is passed on") {
  credential_store store;
  add(store, "r.test");
  store.entries[0].problem = "the password begins with a blank, which is sent too";
  const auto made = choose(store, {registry::make_host("r.test", 443)});
  CHECK(made.credential);
  CHECK(why(made) == "the password begins with a blank, which is sent too");
}

TEST_CASE("near misses are named when there is no credential") {
  struct row {
    std::string_view key, wanted, why;
  };
  const auto [key, wanted, expected] = GENERATE(values<row>({
      {"registry.test", "registry.test:5443", "is for registry.test without port"},
      {"registry.test:5443", "registry.test", "is for port 5443 of registry.test"},
      {"hub.docker.com", "docker.io",
       "is for hub.docker.com, which is not Docker Hub's registry: its name is docker.io"},
      {"docker.com", "docker.io", "is for docker.com, which is not Docker Hub's registry: its name is docker.io"},
      {"auth.docker.io", "docker.io",
       "is for auth.docker.io, which is not Docker Hub's registry: its name is docker.io"},
      {"regstry.test", "registry.test", "is for regstry.test: one letter off"},
      {"registry.tset", "registry.test", "is for registry.tset: two letters off"},
      {"registry.tes", "registry.test", "is for registry.tes: one letter off"},
      {"harbor.example.co.uk", "registry.example.co.uk", "is for harbor.example.co.uk, another host of example.co.uk"},
      {"other.co.uk", "registry.example.co.uk", ""},
      {"regytsir.test", "registry.test", ""},
      {"quay.io", "registry.test", ""},
  }));
  CHECK(why(chosen({key}, wanted)) == expected);
}

TEST_CASE("C3: a key that could not be read counts as near, whatever registry is wanted") {
  credential_store store;
  store.entries.push_back(
      {.host = {}, .credential = nullptr, .source = "f", .key = "https://u@r.test", .problem = "bad"});
  CHECK(why(choose(store, {registry::make_host("r.test", 443)})) == "unusable: bad");
  CHECK(why(choose(store, {registry::make_host("s.test", 443)})) == "unusable: bad");
}

TEST_CASE("the longest path at a slash wins, and the host's own entry takes the rest") {
  credential_store store;
  add(store, "r.test");
  add_limited(store, "r.test/a", below("a"));
  add_limited(store, "r.test/a/b", below("a/b"));
  using registry::action;
  CHECK(used(store, action::pull, "a/b/c") == "r.test/a/b");
  CHECK(used(store, action::push, "a/b") == "r.test/a/b");
  CHECK(used(store, action::pull, "a/bc") == "r.test/a");
  CHECK(used(store, action::pull, "ab") == "r.test");
  CHECK(used(store, action::catalog, "") == "r.test");
  CHECK(used(store, action::ping, "") == "r.test");
}

TEST_CASE("an entry of the configuration stands above the files, by action and pattern") {
  using registry::action;
  credential_store store;
  add(store, "r.test");
  add_limited(store, "r.test/team-a", below("team-a"));
  add_limited(store, "all of a", configured({"team-a/*"}));
  add_limited(store, "push", configured({"team-*"}, {action::push}));
  add_limited(store, "push to a/app", configured({"team-a/app*"}, {action::push, action::remove}));
  CHECK(used(store, action::pull, "team-a/app") == "all of a");
  CHECK(used(store, action::push, "team-a/app") == "push to a/app");
  CHECK(used(store, action::remove, "team-a/app") == "push to a/app");
  CHECK(used(store, action::push, "team-a/other") == "push");
  CHECK(used(store, action::push, "team-b/other") == "push");
  CHECK(used(store, action::pull, "team-b/other") == "r.test");
  CHECK(used(store, action::ping, "") == "r.test");
}

TEST_CASE("each entry that lost says why") {
  using registry::action;
  credential_store store;
  add(store, "r.test");
  add(store, "r.test:443");
  add_limited(store, "r.test/b", below("b"));
  add_limited(store, "deletes", configured({"a/*", "c"}, {action::remove, action::push}));
  add_limited(store, "mine", configured({"a/*"}));
  const auto made = choose(store, {registry::make_host("r.test", 443), "a/x", action::pull});
  REQUIRE(made.credential);
  CHECK(made.credential->key == "mine");
  CHECK(reason(made, "r.test/b") == "is only for b");
  CHECK(reason(made, "deletes") == "is only for delete, push in a/*, c");
  CHECK(reason(made, "r.test") == "a more specific entry is used");
  const auto other = choose(store, {registry::make_host("r.test", 443), "z", action::pull});
  CHECK(other.credential->key == "r.test");
  CHECK(reason(other, "r.test:443") == "shadowed by an earlier entry");
}

TEST_CASE("nothing weaker takes the place of an entry that cannot be used") {
  using registry::action;
  credential_store store;
  add(store, "r.test");
  add_limited(store, "push", configured({"*"}, {action::push}), "/run/push: the file is empty");
  const auto made = choose(store, {registry::make_host("r.test", 443), "a", action::push});
  CHECK_FALSE(made.credential);
  CHECK(made.missing == absence::unusable);
  CHECK(reason(made, "push") == "unusable: /run/push: the file is empty");
  CHECK(reason(made, "r.test") == "does not take the place of a more specific entry that is unusable");
  CHECK(used(store, action::pull, "a") == "r.test");
}

TEST_CASE("without an entry for the whole host a ping gets a narrower one, and other requests none") {
  using registry::action;
  credential_store store;
  store.sources = {"f"};
  add_limited(store, "push", configured({"a/*"}, {action::push}));
  CHECK(used(store, action::ping, "") == "push");
  const auto made = choose(store, {registry::make_host("r.test", 443), "a/x", action::pull});
  CHECK_FALSE(made.credential);
  CHECK(made.missing == absence::no_entry);
  CHECK(reason(made, "push") == "is only for push in a/*");
}

TEST_CASE("a program is asked before what stands behind it, and only then") {
  credential_store store;
  auto program = std::make_shared<credential_program>();
  program->command = {"docker-credential-x"};
  credential_entry asked{.host = {}, .credential = nullptr, .source = "f", .key = "credsStore", .problem = {}};
  asked.program = program;
  store.entries.push_back(asked);
  add(store, "r.test");
  const auto& entry = store.entries.front();
  const wanted need{registry::make_host("r.test", 443), "a", registry::action::pull};
  const auto first = choose(store, need);
  CHECK(first.ask == &entry);
  CHECK_FALSE(first.credential);

  const auto gave = choose(store, need, {{&entry, alice(), ""}});
  CHECK(gave.ask == nullptr);
  CHECK(gave.credential->username == "alice");
  CHECK(reason(gave, "r.test") == "shadowed by an earlier entry");

  const auto had_none = choose(store, need, {{&entry, nullptr, ""}});
  CHECK(had_none.credential->key == "r.test");
  CHECK(reason(had_none, "credsStore") == "docker-credential-x has none for r.test");

  const auto failed = choose(store, need, {{&entry, nullptr, "docker-credential-x is not in PATH"}});
  CHECK(failed.credential->key == "r.test");
  CHECK(reason(failed, "credsStore") == "unusable: docker-credential-x is not in PATH");
}

TEST_CASE("a provider for patterns of images comes last") {
  credential_store store;
  auto program = std::make_shared<credential_program>();
  program->speaks = credential_program::protocol::kubelet_provider;
  program->command = {"/opt/provider"};
  program->images = {"*.dkr.ecr.*.amazonaws.com", "r.test/team-a"};
  credential_entry entry{.host = {}, .credential = nullptr, .source = "provider", .key = "k", .problem = {}};
  entry.program = program;
  store.entries.push_back(entry);
  const auto asks = [&](std::string_view host, std::string repository) {
    const auto made =
        choose(store, {registry::parse_host(host).value(), std::move(repository), registry::action::pull});
    return made.ask != nullptr;
  };
  CHECK(asks("1.dkr.ecr.eu-west-1.amazonaws.com", "x"));
  CHECK(asks("r.test", "team-a/x"));
  CHECK_FALSE(asks("r.test", "team-b/x"));
  CHECK_FALSE(asks("evil.test", "x"));
  add(store, "r.test");
  CHECK_FALSE(asks("r.test", "team-a/x"));
}

TEST_CASE("at most eight others are kept, the host's own first") {
  credential_store store;
  for (int port = 5000; port < 5020; ++port) add(store, fmt::format("r.test:{}", port));
  add(store, "r.test", "the entry is empty");
  const auto made = choose(store, {registry::make_host("r.test", 443)});
  REQUIRE(made.others.size() == 8);
  CHECK(made.others[0].why == "unusable: the entry is empty");
}

}  // namespace regpass::auth
