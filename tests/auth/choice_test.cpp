#include "regpass/auth/choice.hpp"

#include "auth/support.hpp"

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
  return choose(store, registry::parse_host(wanted).value());
}

std::string why(const choice& made) {
  return made.others.empty() ? "" : made.others.front().why;
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
  const auto wanted = registry::make_host("r.test", 443);
  CHECK(choose(store, wanted).missing == absence::no_sources);
  store.sources = {"f"};
  CHECK(choose(store, wanted).missing == absence::no_entry);
  add(store, "unrelated.example");
  CHECK(choose(store, wanted).missing == absence::no_entry);
  CHECK(choose(store, wanted).others.empty());
  add(store, "r.test", "auth is no base64");
  const auto made = choose(store, wanted);
  CHECK(made.missing == absence::unusable);
  CHECK(why(made) == "unusable: auth is no base64");
}

TEST_CASE("an unusable entry does not hide a usable one behind it") {
  credential_store store;
  add(store, "r.test", "the entry is empty");
  add(store, "r.test:443");
  const auto made = choose(store, registry::make_host("r.test", 443));
  CHECK(made.credential == store.entries[1].credential);
  CHECK(made.missing == absence::none);
  CHECK(why(made) == "unusable: the entry is empty");
}

TEST_CASE("a remark on the credential that is used is passed on") {
  credential_store store;
  add(store, "r.test");
  store.entries[0].problem = "the password ends in a line break";
  const auto made = choose(store, registry::make_host("r.test", 443));
  CHECK(made.credential);
  CHECK(why(made) == "the password ends in a line break");
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

TEST_CASE("a key that could not be read counts as near when the wanted name stands in it") {
  credential_store store;
  store.entries.push_back(
      {.host = {}, .credential = nullptr, .source = "f", .key = "https://u@r.test", .problem = "bad"});
  CHECK(why(choose(store, registry::make_host("r.test", 443))) == "unusable: bad");
  CHECK(why(choose(store, registry::make_host("s.test", 443))) == "");
}

TEST_CASE("at most eight others are kept, the host's own first") {
  credential_store store;
  for (int port = 5000; port < 5020; ++port) add(store, fmt::format("r.test:{}", port));
  add(store, "r.test", "the entry is empty");
  const auto made = choose(store, registry::make_host("r.test", 443));
  REQUIRE(made.others.size() == 8);
  CHECK(made.others[0].why == "unusable: the entry is empty");
}

}  // namespace regpass::auth
