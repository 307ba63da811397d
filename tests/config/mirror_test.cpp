#include "config/keys/schema.hpp"
#include "support.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace regpass;
using namespace regpass::config;

namespace {

std::string mirror(const std::string& listen, const std::string& registry = "a.test") {
  return "[[mirror]]\nlisten = '" + listen + "'\nregistry = '" + registry + "'\n";
}

std::string with_path(const std::string& path) {
  return mirror("127.0.0.1:5000") + "path = '" + path + "'\n";
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("mirrors are read in the file's order, their registries by their canonical names") {
  const auto l = from(mirror("127.0.0.1:5000", "index.docker.io") + mirror("[::1]:5001", "B.test:5443") +
                      "path = 'team/hub-1'\n[[registry]]\nhost = 'c.test'");
  REQUIRE(report(l).empty());
  REQUIRE(l.settings.mirrors.size() == 2);
  CHECK(l.settings.mirrors[0].listen == "127.0.0.1:5000");
  CHECK(registry::to_text(l.settings.mirrors[0].registry) == "docker.io");
  CHECK(l.settings.mirrors[0].path.empty());
  CHECK(l.settings.mirrors[1].listen == "[::1]:5001");
  CHECK(registry::to_text(l.settings.mirrors[1].registry) == "b.test:5443");
  CHECK(l.settings.mirrors[1].path == "team/hub-1");
  CHECK(l.origins.at("mirror[1].path") == "/etc/regpass/regpass.toml:7");
  CHECK(l.origins.at("mirror[0].path") == "default");
  CHECK(l.settings.registries.size() == 1);
}

TEST_CASE("a mirror whose registry has no entry of its own is allowed") {
  CHECK(report(mirror("127.0.0.1:5000", "nowhere.test")).empty());
}

TEST_CASE("T33 a mirror that is not on loopback is a start-up error") {
  const std::string text = GENERATE("0.0.0.0:5000", "10.0.0.5:5000", "[::]:5000", "[2001:db8::1]:5000");
  CHECK(report(mirror(text)) == "/etc/regpass/regpass.toml:2:1: `listen` = \"" + text +
                                    "\" of [[mirror]] is not a loopback address: anyone who can reach it could use the "
                                    "credentials, over plain HTTP | write listen = \"127.0.0.1:5000\"\n");
}

TEST_CASE("two listeners cannot have one address") {
  CHECK(report(mirror("127.0.0.1:5000") + mirror("127.0.0.1:5000", "b.test")) ==
        "/etc/regpass/regpass.toml:5:1: `listen` = \"127.0.0.1:5000\" of [[mirror]] is taken by another [[mirror]] at "
        "/etc/regpass/regpass.toml:2:1 | use a different address for each; with ?ns=HOST one mirror serves several "
        "registries\n");
  CHECK(contains(report(mirror("127.0.0.1:3128")), "is taken by listen.proxy | "));
  CHECK(contains(report("listen.transparent = '127.0.0.1:13128'\n" + mirror("127.0.0.1:13128")),
                 "is taken by listen.transparent at /etc/regpass/regpass.toml:1:8 | "));
  CHECK(report("listen.proxy = '127.0.0.1:3129'\n" + mirror("127.0.0.1:3128")).empty());
  CHECK(report(mirror("127.0.0.1:5000") + mirror("127.0.0.2:5000") + mirror("127.0.0.1:5001")).empty());
}

TEST_CASE("a mirror has an address and a registry") {
  CHECK(report("[[mirror]]\nregistry = 'a.test'") ==
        "/etc/regpass/regpass.toml:1:1: [[mirror]] without `listen` | write listen = \"127.0.0.1:5000\"\n");
  CHECK(report("[[mirror]]\nlisten = '127.0.0.1:5000'") ==
        "/etc/regpass/regpass.toml:1:1: [[mirror]] without `registry` | write registry = \"harbor.example.com\"\n");
  CHECK(from(mirror("5000")).problems.size() == 1);
  CHECK(from(mirror("127.0.0.1:5000", "https://a.test")).problems.size() == 1);
  CHECK(from(mirror("127.0.0.1:5000", "a.test/hub")).problems.size() == 1);
}

TEST_CASE("a mirror alone is a listener, unless it is switched off") {
  CHECK(report("listen.proxy = ''\n" + mirror("127.0.0.1:5000")).empty());
  CHECK(contains(report("listen.proxy = ''\n" + mirror("")), "no listener is enabled"));
}

TEST_CASE("a path is made of segments that no client has to escape") {
  for (const auto* good : {"", "hub", "hub/eu", "x7Gq_-.~9", "v2x", "a/v2"}) {
    INFO(good);
    CHECK(report(with_path(good)).empty());
  }
  for (const auto* bad :
       {"/hub", "hub/", "/", "a//b", "a/../b", "..", "./a", "a b", "a%20b", "a?b", "a#b", "v2", "v2/a"}) {
    INFO(bad);
    CHECK(from(with_path(bad)).problems.size() == 1);
  }
  CHECK(report(with_path("/hub")) ==
        "/etc/regpass/regpass.toml:4:1: `path` must be part of a URL path, such as \"hub\", not \"/hub\": write it "
        "without leading and trailing slashes | correct or remove path\n");
}

TEST_CASE("keys of a mirror that do not exist are told with what was meant") {
  CHECK(contains(report(mirror("127.0.0.1:5000") + "pathh = 'x'"),
                 "unknown key `pathh` of [[mirror]] | did you mean `path`?"));
  CHECK(contains(report("[mirror]\nlisten = ''"),
                 "`mirror` must be a list of tables | write [[mirror]] and its keys below"));
  CHECK(contains(report("path = 'x'"), "unknown key `path` | `path` belongs below a [[mirror]] in the file"));
  auto in = plain();
  in.environment["REGPASS_MIRROR_0_LISTEN"] = "127.0.0.1:5000";
  CHECK(contains(report("", in), "a [[mirror]] can only be set in the file"));
}

TEST_CASE("shown mirrors load again to the same settings") {
  const auto first = from(mirror("127.0.0.1:5000", "docker.io") + "path = 'hub'\n" + mirror("127.0.0.1:5001"));
  const auto shown = show(first);
  CHECK(contains(shown, "[[mirror]]\nlisten = \"127.0.0.1:5000\"  # /etc/regpass/regpass.toml:2\n"));
  const auto second = load_text(shown, "/elsewhere/shown.toml", plain());
  REQUIRE(report(second).empty());
  REQUIRE(second.settings.mirrors.size() == 2);
  for (const auto& key : mirror_keys())
    for (std::size_t i = 0; i < 2; ++i)
      CHECK(key.get(second.settings.mirrors[i]) == key.get(first.settings.mirrors[i]));
}
