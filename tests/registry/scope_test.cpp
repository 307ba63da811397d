#include "regpass/registry/scope.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace regpass;
using namespace regpass::registry;
using namespace std::string_literals;

namespace {

scope_set set(std::string_view text) {
  return parse_scopes(text).value();
}

}  // namespace

TEST_CASE("scopes are read and written in one form") {
  struct row {
    std::string text, canonical;
  };
  const auto r = GENERATE(values<row>({
      {"repository:team-a/app:pull", "repository:team-a/app:pull"},
      {"repository:a:push,pull", "repository:a:pull,push"},
      {"repository:a:pull,pull,,push,", "repository:a:pull,push"},
      {"registry:catalog:*", "registry:catalog:*"},
      {"repository(plugin):a/b:pull", "repository(plugin):a/b:pull"},
      {"repository:registry.test:5443/a:pull", "repository:registry.test:5443/a:pull"},
      {"repository:a:metadata_read", "repository:a:metadata_read"},
      {"repository:a:", "repository:a:"},
  }));
  const auto s = parse_scope(r.text);
  REQUIRE(s);
  CHECK(to_text(*s) == r.canonical);
}

TEST_CASE("a colon in the name belongs to the name") {
  const auto s = parse_scope("repository:registry.test:5443/a:pull,push");
  REQUIRE(s);
  CHECK(s->type == "repository");
  CHECK(s->name == "registry.test:5443/a");
  CHECK(s->actions.size() == 2);
}

TEST_CASE("what is no scope is refused (T12)") {
  const std::string text = GENERATE(
      values<std::string>({"", "repository", "repository:a", ":a:pull", "repository::pull", "repository:a b:pull",
                           "repository:a:pull push", "repository:a\r\n:pull", "repository:a\":pull",
                           "repository:a:pull\"", "repository:a&x=y:pull", "repository:\xc3\xa4:pull",
                           "repository:a\0:pull"s, "repo,x:a:pull", "repository:a#:pull", "repository:a%20:pull"}));
  CAPTURE(text);
  const auto s = parse_scope(text);
  REQUIRE(!s);
  CHECK(s.error().code == errc::bad_message);
}

TEST_CASE("lists of scopes are merged, sorted and bounded (T12)") {
  CHECK(to_text(set("repository:b:pull  repository:a:push repository:b:push ")) ==
        "repository:a:push repository:b:pull,push");
  CHECK(set("").empty());
  CHECK(set("   ").empty());
  CHECK(set("repository:a:").empty());
  CHECK_FALSE(parse_scopes("repository:a:pull nonsense"));
  CHECK_FALSE(parse_scopes("repository:a:pull\trepository:b:pull"));
  const auto of_length = [](std::size_t n) { return "repository:a:" + std::string(n - 13, 'x'); };
  CHECK(parse_scopes(of_length(4096)));
  REQUIRE_FALSE(parse_scopes(of_length(4097)));
  CHECK(parse_scopes(of_length(4097)).error().code == errc::too_large);
}

TEST_CASE("a set covers what it contains, a star everything of its resource (T06)") {
  struct row {
    std::string have, need;
    bool covered;
  };
  const auto r = GENERATE(values<row>({
      {"", "", true},
      {"repository:a:pull", "", true},
      {"", "repository:a:pull", false},
      {"repository:a:pull,push", "repository:a:pull", true},
      {"repository:a:pull", "repository:a:pull,push", false},
      {"repository:a:pull", "repository:b:pull", false},
      {"repository:a:pull", "repository:a/b:pull", false},
      {"repository(plugin):a:pull", "repository:a:pull", false},
      {"repository:a:*", "repository:a:pull,push,delete", true},
      {"repository:a:*", "repository:b:pull", false},
      {"repository:a:pull", "repository:a:*", false},
      {"repository:a:pull repository:b:pull", "repository:b:pull repository:a:pull", true},
  }));
  CHECK(set(r.have).covers(set(r.need)) == r.covered);
}

TEST_CASE("minus and intersect work per resource and action (P3)") {
  const auto have = set("repository:a:pull,push repository:b:pull registry:catalog:*");
  CHECK(to_text(have.minus(set("repository:a:push repository:c:pull"))) ==
        "registry:catalog:* repository:a:pull repository:b:pull");
  CHECK(to_text(have.minus(set("repository:a:* repository:b:pull registry:catalog:x"))) == "registry:catalog:*");
  CHECK(to_text(have.intersect(set("repository:a:push,delete repository:c:pull registry:catalog:list"))) ==
        "registry:catalog:list repository:a:push");
  CHECK(to_text(set("repository:a:pull,x").intersect(set("repository:a:*"))) == "repository:a:pull,x");
  CHECK(have.minus(have).empty());
  CHECK(have.intersect(have) == have);
}

TEST_CASE("adding a set to itself changes nothing") {
  auto s = set("repository:a:pull repository:b:push");
  const auto before = s;
  s.add(s);
  CHECK(s == before);
}

TEST_CASE("a repository's scope is made from its actions") {
  CHECK(to_text(repository_scope("team-a/app", {"push", "pull"})) == "repository:team-a/app:pull,push");
  CHECK(to_text(scope_set(repository_scope("a", {"pull"}))) == "repository:a:pull");
}

TEST_CASE("R4: scopes that mean the same are equal, however they are spelt") {
  for (const std::string_view text : {"repository(image):a:pull,push", "repository():a:push,pull",
                                      "repository(image):a:pull repository:a:push", "repository:a:pull,push,pull"}) {
    CAPTURE(text);
    CHECK(set(text) == set("repository:a:pull,push"));
    CHECK(to_text(set(text)) == "repository:a:pull,push");
    CHECK(set(text).covers(set("repository:a:push")));
  }
  CHECK(set("repository:a:*,pull") == set("repository:a:*"));
  CHECK(set("repository:a:pull repository(image):a:*") == set("repository:a:*"));
  CHECK(set("repository(plugin):a:pull") != set("repository:a:pull"));
  CHECK(to_text(parse_scope("repository()(image):a:pull").value()) == "repository:a:pull");
  CHECK(to_text(parse_scope("(image):a:pull").value()) == "(image):a:pull");
  CHECK(to_text(parse_scope("registry(image):catalog:*,list").value()) == "registry:catalog:*");
}
