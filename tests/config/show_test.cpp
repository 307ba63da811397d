#include "config/keys/schema.hpp"
#include "support.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace regpass;
using namespace regpass::config;

namespace {

constexpr auto text = R"(state_dir = "/s \"quoted\" \\ back"
[credentials]
docker_config = ["/a", "b"]
[other_hosts]
ports = []
[[registry]]
host = "index.docker.io"
push = ["team-a/*", "x"]
[[registry]]
host = "b.test:5000"
realms = ["https://auth.test/token"]
)";

bool has_line(const std::string& all, const std::string& line) {
  return ("\n" + all).find("\n" + line + "\n") != std::string::npos;
}

}  // namespace

TEST_CASE("the effective configuration says where each value came from") {
  auto in = plain();
  in.environment["REGPASS_LOG_LEVEL"] = "warn";
  in.sets = {{"drain.idle", "1m"}};
  const auto shown = show(from(text, in));
  CHECK(has_line(shown, R"(docker_config = ["/a", "/etc/regpass/b"]  # /etc/regpass/regpass.toml:3)"));
  CHECK(has_line(shown, R"(ports = []  # /etc/regpass/regpass.toml:5)"));
  CHECK(has_line(shown, R"(level = "warn"  # environment REGPASS_LOG_LEVEL)"));
  CHECK(has_line(shown, R"(idle = "1m"  # flag --set)"));
  CHECK(has_line(shown, R"(timeout = "10m"  # default)"));
  CHECK(has_line(shown, R"(host = "docker.io"  # /etc/regpass/regpass.toml:7)"));
  CHECK(has_line(shown, R"(push = ["team-a/*", "x"]  # /etc/regpass/regpass.toml:8)"));
  CHECK(has_line(shown, R"(#   pull = ["*"])"));
}

TEST_CASE("the effective configuration loads again to the same settings") {
  const auto first = from(text);
  REQUIRE(report(first).empty());
  const auto second = load_text(show(first), "/elsewhere/shown.toml", plain());
  REQUIRE(report(second).empty());
  for (const auto& key : keys()) {
    INFO(key.name);
    CHECK(key.get(second.settings) == key.get(first.settings));
  }
  REQUIRE(second.settings.registries.size() == 2);
  for (const auto& key : registry_keys())
    for (std::size_t i = 0; i < 2; ++i)
      CHECK(key.get(second.settings.registries[i]) == key.get(first.settings.registries[i]));
}

TEST_CASE("a file's name cannot break out of the comment (T27)") {
  const auto shown = show(load_text("log.level = 'warn'", "/x\nlevel = 1\n.toml", plain()));
  CHECK(shown.find("\nlevel = 1") == std::string::npos);
  CHECK(report(load_text(shown, "/x", plain())).empty());
}
