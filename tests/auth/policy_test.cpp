#include "auth/policy.hpp"

#include <catch2/catch.hpp>

namespace regpass::auth {
namespace {

registry::operation operation(registry::action what, std::string repository = {}) {
  registry::operation one;
  one.action = what;
  one.repository = std::move(repository);
  return one;
}

const registry::host host = registry::make_host("harbor.example.com", 443);

}  // namespace

TEST_CASE("a pattern matches the whole name, '*' any run of characters") {
  struct row {
    std::string_view pattern, name;
    bool expected;
  };
  const auto [pattern, name, expected] = GENERATE(values<row>({
      {"*", "team-a/app", true},
      {"*", "", true},
      {"", "", true},
      {"", "a", false},
      {"team-a/*", "team-a/app", true},
      {"team-a/*", "team-a/sub/app", true},
      {"team-a/*", "team-a", false},
      {"team-a/*", "team-ab/app", false},
      {"team-a*", "team-ab/app", true},
      {"team-a/app", "team-a/app", true},
      {"team-a/app", "team-a/app2", false},
      {"team-a/app", "x/team-a/app", false},
      {"*/app", "team-a/app", true},
      {"*/app", "team-a/app/x", false},
      {"*app*", "team-a/app/x", true},
      {"a*b*c", "aXbYc", true},
      {"a*b*c", "abcbc", true},
      {"a*b*c", "abcb", false},
      {"**", "anything", true},
      {"a?c", "abc", false},
      {"[ab]", "a", false},
  }));
  CAPTURE(pattern, name);
  CHECK(matches(pattern, name) == expected);
}

TEST_CASE("matching stays cheap for hostile patterns") {
  std::string pattern;
  for (int i = 0; i < 120; ++i) pattern += "a*";
  CHECK_FALSE(matches(pattern + "b", std::string(255, 'a')));
}

TEST_CASE("the default policy pulls everything and changes nothing") {
  const policy rules;
  CHECK(judge(rules, host, operation(registry::action::ping)).allowed);
  CHECK(judge(rules, host, operation(registry::action::pull, "any/thing")).allowed);
  CHECK_FALSE(judge(rules, host, operation(registry::action::push, "any/thing")).allowed);
  CHECK_FALSE(judge(rules, host, operation(registry::action::remove, "any/thing")).allowed);
  CHECK_FALSE(judge(rules, host, operation(registry::action::catalog)).allowed);
}

TEST_CASE("T01: a refusal says what was refused and which line would allow it") {
  policy rules;
  rules.pull = {"team-a/*"};
  const auto push = judge(rules, host, operation(registry::action::push, "team-b/app"));
  CHECK_FALSE(push.allowed);
  CHECK(push.why == "push to team-b/app is not allowed by policy");
  CHECK(push.config_line == R"(push = ["team-b/app"] under [[registry]] host = "harbor.example.com")");
  const auto pull = judge(rules, registry::make_host("r.test", 5443), operation(registry::action::pull, "team-b/app"));
  CHECK(pull.why == "pull of team-b/app is not allowed by policy");
  CHECK(pull.config_line == R"(pull = ["team-b/app"] under [[registry]] host = "r.test:5443")");
  const auto remove = judge(rules, host, operation(registry::action::remove, "team-a/app"));
  CHECK(remove.why == "delete in team-a/app is not allowed by policy");
  CHECK(remove.config_line == R"(delete = ["team-a/app"] under [[registry]] host = "harbor.example.com")");
  const auto catalog = judge(rules, host, operation(registry::action::catalog));
  CHECK(catalog.why == "listing the catalog is not allowed by policy");
  CHECK(catalog.config_line == R"(catalog = true under [[registry]] host = "harbor.example.com")");
}

TEST_CASE("T01: what is listed is allowed, and only that") {
  policy rules;
  rules.push = {"team-a/*", "shared/base"};
  rules.remove = {"team-a/tmp*"};
  rules.catalog = true;
  const auto allowed = [&](registry::action what, std::string repository) {
    return judge(rules, host, operation(what, std::move(repository))).allowed;
  };
  CHECK(allowed(registry::action::push, "team-a/app"));
  CHECK(allowed(registry::action::push, "shared/base"));
  CHECK_FALSE(allowed(registry::action::push, "shared/base2"));
  CHECK(allowed(registry::action::remove, "team-a/tmp1"));
  CHECK_FALSE(allowed(registry::action::remove, "team-a/app"));
  CHECK(allowed(registry::action::catalog, ""));
}

TEST_CASE("T06: a mount from a repository that may not be pulled becomes an upload") {
  policy rules;
  rules.pull = {"team-a/*", "shared/*"};
  rules.push = {"team-a/*"};
  const auto judged = [&](std::optional<std::string> from) {
    auto push = operation(registry::action::push, "team-a/app");
    push.mount_from = std::move(from);
    return judge(rules, host, push);
  };
  CHECK(judged(std::nullopt).strip_mount.empty());
  CHECK(judged("shared/base").strip_mount.empty());
  CHECK(judged("team-a/app").strip_mount.empty());
  const auto secret = judged("team-b/secret");
  CHECK(secret.allowed);
  CHECK_THAT(secret.strip_mount, Catch::Contains("policy"));
  rules.mount = mount_rule::upload;
  CHECK_THAT(judged("shared/base").strip_mount, Catch::Contains("mount = \"upload\""));
  CHECK(judged("team-a/app").strip_mount.empty());
}

TEST_CASE("T06: a mount does not make an unlisted push allowed") {
  policy rules;
  auto push = operation(registry::action::push, "team-b/app");
  push.mount_from = "team-a/app";
  const auto judged = judge(rules, host, push);
  CHECK_FALSE(judged.allowed);
  CHECK(judged.strip_mount.empty());
}

}  // namespace regpass::auth
