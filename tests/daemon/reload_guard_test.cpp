// What a reload may not take away.
#include "daemon/configuration/reload_guard.hpp"

#include "config/support.hpp"

#include <catch2/catch.hpp>

using namespace regpass;
using Catch::Contains;

namespace {

const std::string whole = R"([client_auth]
secret_file = "/run/regpass/secret"
builder = "buildkit"
[other_hosts]
action = "refuse"
ports = [443]
[credentials]
helpers = false
docker_config = ["/etc/regpass/config.json"]
[[mirror]]
listen = "127.0.0.1:5000"
registry = "harbor.example.com"
path = "k3v9"
[[registry]]
host = "harbor.example.com"
pull = ["team-a/*"]
push = ["team-a/app"]
authorization = "add"
[[registry.credential]]
username = "robot"
password_file = "/run/robot"
repositories = ["team-a/*"]
actions = ["pull"]
)";

config::loaded load(std::string text) {
  auto made = config::from(text);
  made.file = "/etc/regpass/regpass.toml";
  made.text = secret(text);
  return made;
}

std::string without(std::string text, const std::string& line) {
  const auto at = text.find(line);
  REQUIRE(at != std::string::npos);
  return text.erase(at, line.size());
}

std::string lost(const std::string& before, const std::string& after) {
  const auto found = daemon::lost_fence(load(before), load(after));
  return found ? found->what : "";
}

}  // namespace

TEST_CASE("X2: an empty file, one that is gone and one that was cut are not followed") {
  CHECK_THAT(lost(whole, ""), Contains("is empty"));
  CHECK_THAT(lost(whole, " \n\t\n"), Contains("is empty"));
  CHECK_THAT(lost(whole, "# nothing\n"), Contains("is empty"));
  auto gone = load("");
  gone.file.clear();
  CHECK_THAT(daemon::lost_fence(load(whole), gone)->what, Contains("is gone"));
  CHECK_THAT(lost("[explain]\nhistory = 1000\n", "[explain]\nhistory = 100"), Contains("middle of line 2"));
  CHECK(lost("[explain]\nhistory = 1000\n", "[explain]\nhistory = 1000").empty());
  CHECK(lost("", "").empty());
  CHECK(lost(whole, whole).empty());
}

TEST_CASE("X2: keys that restrict are not lost by a reload") {
  const auto [line, key] = GENERATE(table<std::string, std::string>(
      {{"secret_file = \"/run/regpass/secret\"\n", "client_auth.secret_file"},
       {"builder = \"buildkit\"\n", "client_auth.builder"},
       {"action = \"refuse\"\n", "other_hosts.action"},
       {"ports = [443]\n", "other_hosts.ports"},
       {"helpers = false\n", "credentials.helpers"},
       {"docker_config = [\"/etc/regpass/config.json\"]\n", "credentials.docker_config"},
       {"path = \"k3v9\"\n", "path"},
       {"pull = [\"team-a/*\"]\n", "pull"},
       {"authorization = \"add\"\n", "authorization"},
       {"repositories = [\"team-a/*\"]\n", "repositories"},
       {"actions = [\"pull\"]\n", "actions"}}));
  CHECK_THAT(lost(whole, without(whole, line)), Contains("`" + key + "`"));
}

TEST_CASE("X2: every whole-line beginning of a file is refused as long as it lacks a fence") {
  std::string cut;
  const auto last = whole.find("authorization = ") + 1;
  for (std::size_t at = whole.find('\n') + 1; at < last; at = whole.find('\n', at) + 1) {
    INFO(whole.substr(0, at));
    const auto after = load(whole.substr(0, at));
    CHECK((!after.problems.empty() || daemon::lost_fence(load(whole), after)));
  }
}

TEST_CASE("X2: what is written is followed, and what restricts may come and grow") {
  CHECK(lost(without(whole, "pull = [\"team-a/*\"]\n"), whole).empty());
  CHECK(lost("[explain]\nhistory = 1\n", whole).empty());
  auto wider = whole;
  wider.replace(wider.find("[\"team-a/*\"]"), 12, "[\"*\"]");
  CHECK(lost(whole, wider).empty());
  auto ports = whole;
  ports.replace(ports.find("[443]"), 5, "[443, 80]");
  CHECK(lost(whole, ports).empty());
  CHECK(lost(whole, without(whole, "push = [\"team-a/app\"]\n")).empty());  // the default is less
}
