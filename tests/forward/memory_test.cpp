#include "regpass/forward/memory.hpp"

#include <catch2/catch.hpp>

using namespace regpass;
using forward::memory;

namespace {

registry::host host(const std::string& name) {
  return registry::parse_host(name).value();
}

auth::demand demand(std::string realm) {
  auth::demand made;
  made.realm = std::move(realm);
  return made;
}

}  // namespace

TEST_CASE("The last demand of a registry is remembered, for that registry only") {
  memory one;
  CHECK_FALSE(one.demand_of(host("a.test")).has_value());
  one.learn(host("a.test"), demand("https://a.test/1"));
  one.learn(host("a.test"), demand("https://a.test/2"));
  CHECK(one.demand_of(host("a.test"))->realm == "https://a.test/2");
  CHECK_FALSE(one.demand_of(host("a.test:5000")).has_value());
  CHECK_FALSE(one.demand_of(host("b.test")).has_value());
}

TEST_CASE("Demands are bounded") {
  memory one;
  for (int i = 0; i < 5000; ++i) one.learn(host("r" + std::to_string(i) + ".test"), demand("x"));
  int kept = 0;
  for (int i = 0; i < 5000; ++i) kept += one.demand_of(host("r" + std::to_string(i) + ".test")).has_value() ? 1 : 0;
  CHECK(kept == 1024);
  CHECK(one.demand_of(host("r4999.test")).has_value());
}

TEST_CASE("An upload's path leads to its repository, at its registry only") {
  memory one;
  one.remember_upload(host("a.test"), "/u/1", "team-a/app");
  one.remember_upload(host("b.test"), "/u/1", "team-b/app");
  CHECK(one.repository_of(host("a.test"), "/u/1") == "team-a/app");
  CHECK(one.repository_of(host("b.test"), "/u/1") == "team-b/app");
  CHECK_FALSE(one.repository_of(host("a.test"), "/u/2").has_value());
  CHECK_FALSE(one.repository_of(host("c.test"), "/u/1").has_value());
  one.remember_upload(host("a.test"), "/u/1", "team-a/other");
  CHECK(one.repository_of(host("a.test"), "/u/1") == "team-a/other");
}

TEST_CASE("Uploads are bounded, the oldest go first, and one named again is not old") {
  memory one;
  one.remember_upload(host("a.test"), "/u/0", "r");
  for (int i = 1; i < 1024; ++i) one.remember_upload(host("a.test"), "/u/" + std::to_string(i), "r");
  one.remember_upload(host("a.test"), "/u/0", "r");
  one.remember_upload(host("a.test"), "/u/new", "r");
  CHECK(one.repository_of(host("a.test"), "/u/0").has_value());
  CHECK(one.repository_of(host("a.test"), "/u/new").has_value());
  CHECK_FALSE(one.repository_of(host("a.test"), "/u/1").has_value());
  CHECK(one.repository_of(host("a.test"), "/u/2").has_value());
}

TEST_CASE("A demand is doubtful until it is learned again, and only one that there is") {
  memory one;
  one.doubt(host("a.test"));
  CHECK_FALSE(one.is_doubtful(host("a.test")));
  one.learn(host("a.test"), demand("https://a.test/1"));
  CHECK_FALSE(one.is_doubtful(host("a.test")));
  one.doubt(host("a.test"));
  CHECK(one.is_doubtful(host("a.test")));
  CHECK(one.demand_of(host("a.test")).has_value());
  one.learn(host("a.test"), demand("https://a.test/2"));
  CHECK_FALSE(one.is_doubtful(host("a.test")));
}

TEST_CASE("A refused credential is told of once, until it was accepted again, and they are bounded") {
  memory one;
  CHECK_FALSE(one.is_refused(1));
  CHECK(one.refuse(1));
  CHECK_FALSE(one.refuse(1));
  CHECK(one.is_refused(1));
  one.accept(1);
  CHECK_FALSE(one.is_refused(1));
  for (std::uint64_t i = 1; i <= 5000; ++i) CHECK(one.refuse(i));
  CHECK_FALSE(one.is_refused(1));
  CHECK(one.is_refused(5000 - 1023));
  CHECK_FALSE(one.is_refused(5000 - 1024));
}
