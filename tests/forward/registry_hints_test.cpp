#include "forward/services/registry_hints.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <memory>
#include <vector>

using namespace regpass;
using forward::registry_hints;

namespace {

registry::host host(const std::string& name) {
  return registry::parse_host(name).value();
}

auth::requirement requirement(std::string realm) {
  auth::requirement result;
  result.realm = std::move(realm);
  return result;
}

}  // namespace

TEST_CASE("The last requirement of a registry is remembered for that registry only") {
  registry_hints hints;
  CHECK_FALSE(hints.requirement_of(host("a.test")).has_value());
  hints.learn(host("a.test"), "", false, requirement("https://a.test/1"));
  hints.learn(host("a.test"), "", false, requirement("https://a.test/2"));
  CHECK(hints.requirement_of(host("a.test"))->realm == "https://a.test/2");
  CHECK_FALSE(hints.requirement_of(host("a.test:5000")).has_value());
  CHECK_FALSE(hints.requirement_of(host("b.test")).has_value());
}

TEST_CASE("Remembered requirements are bounded") {
  registry_hints hints;
  for (int i = 0; i < 5000; ++i) hints.learn(host("r" + std::to_string(i) + ".test"), "", false, requirement("x"));
  int kept = 0;
  for (int i = 0; i < 5000; ++i)
    kept += hints.requirement_of(host("r" + std::to_string(i) + ".test")).has_value() ? 1 : 0;
  CHECK(kept == 1024);
  CHECK(hints.requirement_of(host("r4999.test")).has_value());
}

TEST_CASE("An upload's path identifies its repository, for its registry only") {
  registry_hints hints;
  hints.remember_upload(host("a.test"), "/u/1", "team-a/app");
  hints.remember_upload(host("b.test"), "/u/1", "team-b/app");
  CHECK(hints.repository_of(host("a.test"), "/u/1") == "team-a/app");
  CHECK(hints.repository_of(host("b.test"), "/u/1") == "team-b/app");
  CHECK_FALSE(hints.repository_of(host("a.test"), "/u/2").has_value());
  CHECK_FALSE(hints.repository_of(host("c.test"), "/u/1").has_value());
  hints.remember_upload(host("a.test"), "/u/1", "team-a/other");
  CHECK(hints.repository_of(host("a.test"), "/u/1") == "team-a/other");
}

TEST_CASE("Uploads are bounded, the least recently used are dropped first") {
  registry_hints hints;
  hints.remember_upload(host("a.test"), "/u/0", "r");
  for (int i = 1; i < 1024; ++i) hints.remember_upload(host("a.test"), "/u/" + std::to_string(i), "r");
  hints.remember_upload(host("a.test"), "/u/0", "r");
  hints.remember_upload(host("a.test"), "/u/new", "r");
  CHECK(hints.repository_of(host("a.test"), "/u/0").has_value());
  CHECK(hints.repository_of(host("a.test"), "/u/new").has_value());
  CHECK_FALSE(hints.repository_of(host("a.test"), "/u/1").has_value());
  CHECK(hints.repository_of(host("a.test"), "/u/2").has_value());
}

TEST_CASE("R2: a repository's own requirement is remembered, others get the registry's last one") {
  registry_hints hints;
  const auto at = host("a.test");
  hints.learn(at, "", false, requirement("b"));
  hints.learn(at, "grp/proj", false, requirement("a"));
  CHECK(hints.requirement_of(at, "grp/proj")->realm == "a");
  hints.learn(at, "grp/x", false, requirement("b"));
  CHECK(hints.requirement_of(at, "grp/proj")->realm == "a");
  CHECK(hints.requirement_of(at, "grp/x")->realm == "b");
  CHECK(hints.requirement_of(at, "grp/new")->realm == "b");
  hints.learn(at, "grp/proj", false, requirement("c"));
  CHECK(hints.requirement_of(at, "grp/proj")->realm == "c");
  CHECK(hints.requirement_of(at)->realm == "c");
  CHECK_FALSE(hints.requirement_of(host("b.test"), "grp/proj").has_value());
  // A repository whose pushes want something else than its pulls.
  CHECK(hints.requirement_of(at, "grp/proj", true)->realm == "c");
  hints.learn(at, "grp/proj", true, requirement("d"));
  CHECK(hints.requirement_of(at, "grp/proj", true)->realm == "d");
  CHECK(hints.requirement_of(at, "grp/proj")->realm == "c");
}

TEST_CASE("R2: requirements of single repositories are bounded, and details of a request are not kept") {
  registry_hints hints;
  const auto at = host("a.test");
  for (int i = 0; i < 5000; ++i) {
    auto wanted = requirement(i % 2 == 0 ? "a" : "b");
    wanted.scope = "repository:x:pull";
    wanted.error = "invalid_token";
    hints.learn(at, "r" + std::to_string(i), false, wanted);
  }
  hints.learn(at, "", false, requirement("c"));
  int own = 0;
  for (int i = 0; i < 5000; ++i) {
    const auto known = hints.requirement_of(at, "r" + std::to_string(i));
    own += known->realm == "c" ? 0 : 1;
    CHECK(known->scope.empty());
    CHECK(known->error.empty());
  }
  CHECK(own == 256);
}

TEST_CASE("A7: a token that was refused when fresh is remembered for some seconds, and their number is bounded") {
  registry_hints hints;
  const auto at = now().steady;
  std::vector<auth::token_ptr> tokens;
  for (int i = 0; i < 1000; ++i) tokens.push_back(std::make_shared<auth::token>());
  CHECK_FALSE(hints.was_refused_fresh(tokens[0], at));
  hints.refuse_fresh(tokens[0], at);
  CHECK(hints.was_refused_fresh(tokens[0], at + std::chrono::milliseconds(3'999)));
  CHECK_FALSE(hints.was_refused_fresh(tokens[0], at + std::chrono::seconds(5)));
  CHECK_FALSE(hints.was_refused_fresh(tokens[1], at));
  CHECK_FALSE(hints.was_refused_fresh(nullptr, at));
  for (const auto& token : tokens) hints.refuse_fresh(token, at);
  CHECK_FALSE(hints.was_refused_fresh(tokens[1000 - 257], at));
  CHECK(hints.was_refused_fresh(tokens[1000 - 256], at));
  // Another token at the same address is another token.
  std::weak_ptr<const auth::token> gone = tokens.back();
  tokens.clear();
  CHECK(gone.expired());
}

TEST_CASE("R1: among several uploads with one path the query decides, however it is written") {
  registry_hints hints;
  const auto at = host("a.test");
  hints.remember_upload(at, "/u?id=1&s=a%2Fb", "team-a/app");
  CHECK(hints.repository_of(at, "/u?digest=x") == "team-a/app");  // the path is enough
  hints.remember_upload(at, "/u?id=2&s=a%2Fb", "team-b/app");
  CHECK(hints.repository_of(at, "/u?s=a%2fb&digest=x&id=1") == "team-a/app");
  CHECK(hints.repository_of(at, "/u?id=2&s=a/b") == "team-b/app");
  CHECK_FALSE(hints.repository_of(at, "/u?digest=x").has_value());
  CHECK_FALSE(hints.repository_of(at, "/u?id=11&s=a%2Fb").has_value());
  CHECK_FALSE(hints.repository_of(at, "/U?id=1&s=a%2Fb").has_value());
  CHECK_FALSE(hints.repository_of(at, "/u").has_value());
  hints.remember_upload(at, "/up/1?s=1", "team-a/app");
  CHECK(hints.repository_of(at, "/up/1") == "team-a/app");
  CHECK(hints.repository_of(at, "/up/1?") == "team-a/app");
  hints.remember_upload(at, "/u?id=1&s=a%2Fb&n=2", "team-c/app");
  CHECK(hints.repository_of(at, "/u?id=1&s=a%2Fb&n=2") == "team-c/app");
  CHECK(hints.repository_of(at, "/u?id=1&s=a%2Fb&n=3") == "team-a/app");
}

TEST_CASE("A refused credential is reported once until it is accepted again, and their number is bounded") {
  registry_hints hints;
  CHECK_FALSE(hints.is_refused(1));
  CHECK(hints.refuse(1));
  CHECK_FALSE(hints.refuse(1));
  CHECK(hints.is_refused(1));
  hints.accept(1);
  CHECK_FALSE(hints.is_refused(1));
  for (std::uint64_t i = 1; i <= 5000; ++i) CHECK(hints.refuse(i));
  CHECK_FALSE(hints.is_refused(1));
  CHECK(hints.is_refused(5000 - 1023));
  CHECK_FALSE(hints.is_refused(5000 - 1024));
}
