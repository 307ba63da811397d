#include "regpass/config/load.hpp"
#include "support.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace regpass;
using namespace regpass::config;

namespace {

struct row {
  std::string toml, report;
};

// The report without the file's name, which is the same in all.
std::string short_report(std::string_view toml) {
  auto text = report(toml);
  for (const std::string name = "/etc/regpass/regpass.toml:"; text.find(name) != std::string::npos;)
    text.erase(text.find(name), name.size());
  return text;
}

}  // namespace

TEST_CASE("an unknown key is an error with its place and what was probably meant") {
  const auto r = GENERATE(values<row>({
      {"[listen]\nproxi = ''", "2:1: unknown key `listen.proxi` | did you mean `listen.proxy`?\n"},
      {"[lissten]\nproxy = ''", "1:2: unknown key `lissten` | did you mean `listen`?\n"},
      {"[other_host]\naction = 'refuse'", "1:2: unknown key `other_host` | did you mean `other_hosts`?\n"},
      {"proxy = ''", "1:1: unknown key `proxy` | did you mean `listen.proxy`?\n"},
      {"\n  log.colour = true", "2:7: unknown key `log.colour` | [log] has the keys level, format\n"},
      {"frobnicate = 1", "1:1: unknown key `frobnicate` | remove it\n"},
      {"push = []", "1:1: unknown key `push` | `push` belongs below a [[registry]] in the file\n"},
      {"'listen.proxy' = ''", "1:1: unknown key `\"listen.proxy\"` | did you mean `listen.proxy`?\n"},
      {"listen = '127.0.0.1:1'", "1:1: `listen` is a table, not a value | write [listen] and its keys below\n"},
      {"[registry]\nhost = 'a.test'",
       "1:2: `registry` must be a list of tables | write [[registry]] and its keys below\n"},
      {"registry = ['a.test']", "1:1: `registry` must be a list of tables | write [[registry]] and its keys below\n"},
      {"[[registry]]\nhost = 'a.test'\npusch = []",
       "3:1: unknown key `pusch` of [[registry]] | did you mean `push`?\n"},
      {"[[registry]]\nhost = 'a.test'\nstate_dir = '/s'",
       "3:1: unknown key `state_dir` of [[registry]] | `state_dir` belongs above the first table of the file\n"},
      {"[[registry]]\nhost = 'a.test'\n[registry.credential]\ntoken_file = 'x'",
       "3:11: unknown key `credential` of [[registry]] | remove it\n"},
      {"\"a\\u001b[31m\\nb\" = 1", "1:1: unknown key `a\\x1b[31m\\x0ab` | remove it\n"},
  }));
  CHECK(short_report(r.toml) == r.report);
}

TEST_CASE("a value of the wrong kind is an error that says what is wanted") {
  const auto r = GENERATE(values<row>({
      {"explain.annotate = 'yes'",
       "1:9: `explain.annotate` must be true or false, not \"yes\" | correct or remove explain.annotate\n"},
      {"limits.head_bytes = '64KiB'",
       "1:8: `limits.head_bytes` must be a whole number from 1024 to 16777216, not \"64KiB\" | write the number "
       "without "
       "quotes and unit; sizes are in bytes\n"},
      {"limits.head_bytes = -1",
       "1:8: `limits.head_bytes` must be a whole number from 1024 to 16777216, not `-1` | write limits.head_bytes = "
       "1024\n"},
      {"limits.head_fields = 0",
       "1:8: `limits.head_fields` must be a whole number from 1 to 10000, not `0` | write limits.head_fields = 1\n"},
      {"limits.workers = 1.5",
       "1:8: `limits.workers` must be a whole number from 0 to 256, not a floating-point number | write the number "
       "without quotes and unit; sizes are in bytes\n"},
      {"drain.idle = 10",
       "1:7: `drain.idle` must be a duration from 0s to 1d, such as \"10s\", not `10` | write a number and its unit "
       "(ms, "
       "s, m, h or d) in quotes\n"},
      {"drain.idle = '10 s'",
       "1:7: `drain.idle` must be a duration from 0s to 1d, such as \"10s\", not \"10 s\" | write a number and its "
       "unit "
       "(ms, s, m, h or d) in quotes\n"},
      {"limits.token_timeout = '99999d'",
       "1:8: `limits.token_timeout` must be a duration from 1ms to 1h, such as \"10s\", not \"99999d\" | write a "
       "number "
       "and its unit (ms, s, m, h or d) in quotes\n"},
      {"log.level = 'warning'",
       "1:5: `log.level` must be one of error, warn, info, debug, not \"warning\" | correct or remove log.level\n"},
      {"log.level = 'wran'",
       "1:5: `log.level` must be one of error, warn, info, debug, not \"wran\" | did you mean `warn`?\n"},
      {"state_dir = ['/s']", "1:1: `state_dir` must be a path, not a list | correct or remove state_dir\n"},
      {"state_dir = '~/regpass'",
       "1:1: `state_dir` must be a path, not \"~/regpass\": ~ is not expanded; write the whole path | correct or "
       "remove "
       "state_dir\n"},
      {"state_dir = \"/a\\u0000b\"",
       "1:1: `state_dir` must be a path, not \"/a\\x00b\": it contains a control character or is not valid UTF-8 | "
       "correct "
       "or "
       "remove state_dir\n"},
      {"credentials.docker_config = '/c'",
       "1:13: `credentials.docker_config` must be a list of paths, not \"/c\" | write a list: "
       "credentials.docker_config "
       "= [\"/c\"]\n"},
      {"credentials.docker_config = ['/c', '']",
       "1:13: `credentials.docker_config` must be a list of paths, got \"\": an empty string has no meaning here | "
       "correct or remove \"\"\n"},
      {"other_hosts.ports = [443, 0]",
       "1:13: `other_hosts.ports` must be a list of ports from 1 to 65535, got `0` | correct or remove `0`\n"},
      {"other_hosts.ports = [65536]",
       "1:13: `other_hosts.ports` must be a list of ports from 1 to 65535, got `65536` | correct or remove "
       "`65536`\n"},
      {"other_hosts.ports = ['443']",
       "1:13: `other_hosts.ports` must be a list of ports from 1 to 65535, not a list | correct or remove "
       "other_hosts.ports\n"},
      {"state_dir = 2026-08-01", "1:1: `state_dir` must be a path, not a date or time | correct or remove state_dir\n"},
  }));
  CHECK(short_report(r.toml) == r.report);
}

TEST_CASE("texts are judged by the grammar of their kind") {
  const auto entry = GENERATE(as<std::string>{},  //
                              "host = ''", "host = 'https://a.test'", "host = 'a.test/team'", "host = 'a b'",
                              "host = 'a.test:0'", "host = 'a.test:99999'", "host = 5", "realms = ['auth.test/token']",
                              "realms = ['/token']", "realms = ['http://auth.test/token']",
                              "realms = ['https://u:p@auth.test/']", "realms = ['https://auth.test/?a=b']",
                              "realms = ['ftp://auth.test/']", "realms = 'https://auth.test/token'",
                              "push = ['Team-A/*']", "push = ['/team-a/*']", "push = ['team-a/']", "push = ['']",
                              "push = ['team a']", "push = '*'", "authorization = 'none'", "plain_http = 'no'");
  const auto text = "[[registry]]\n" + (entry.starts_with("host") ? entry : "host = 'b.test'\n" + entry);
  const auto l = from(text);
  INFO(entry << " -> " << report(l));
  REQUIRE(l.problems.size() == 1);
  const auto name = entry.substr(0, entry.find(' '));
  const auto at = entry.starts_with("host") ? "2:1: " : "3:1: ";
  CHECK(l.problems[0].what.starts_with("/etc/regpass/regpass.toml:" + std::string(at) + "`" + name + "` must be "));
}

TEST_CASE("a listener's address is an address and a port") {
  for (const auto* text :
       {"3128", "127.0.0.1", ":3128", "127.0.0.1:99999", "localhost:3128", "http://127.0.0.1:3128"}) {
    const auto l = from("listen.proxy = '" + std::string(text) + "'");
    INFO(text << " -> " << report(l));
    REQUIRE(l.problems.size() == 1);
    CHECK(l.problems[0].what.find("`listen.proxy` must be an address with a port") != std::string::npos);
  }
}

TEST_CASE("the password in a URL that is refused is not shown (T26)") {
  CHECK(report("[[registry]]\nhost='a.test'\nrealms = ['https://u:hunter2@auth.test/']").find("hunter2") ==
        std::string::npos);
  CHECK(report("[[registry]]\nhost='https://u:hunter2@a.test/'").find("hunter2") == std::string::npos);
  CHECK(report("[[registry]]\nhost='a.test'\nrealms = ['https://a.test/?key=hunter2']").find("hunter2") ==
        std::string::npos);
}

TEST_CASE("all problems are reported at once, in the file's order, then those of variables and flags") {
  auto in = plain();
  in.environment = {{"REGPASS_LOG_LEVEL", "loud"}, {"REGPASS_LISTEN_PROXI", "x"}, {"REGPASS_CONFIG", "/x"}};
  in.sets = {{"log.levle", "info"}, {"drain.idle", "soon"}};
  const auto l = from("zzz = 1\n[log]\nlevel = 'a'\n[[registry]]\npush = 1\n[[registry]]\nhost = 1\n", in);
  std::vector<std::string> begins;
  for (const auto& one : l.problems) begins.push_back(one.what.substr(0, one.what.find(": ")));
  CHECK(begins == std::vector<std::string>{"/etc/regpass/regpass.toml:1:1", "/etc/regpass/regpass.toml:3:1",
                                           "/etc/regpass/regpass.toml:5:1", "/etc/regpass/regpass.toml:7:1",
                                           "environment", "REGPASS_LOG_LEVEL", "--set log.levle", "--set drain.idle",
                                           "/etc/regpass/regpass.toml:4:1"});
  CHECK(l.problems[4].fix == "did you mean REGPASS_LISTEN_PROXY?");
  CHECK(l.problems[6].fix == "did you mean `log.level`?");
  CHECK(l.problems[8].what.ends_with("[[registry]] without `host`"));
}

TEST_CASE("variables that Kubernetes makes for a service named regpass are not ours") {
  auto in = plain();
  for (const auto* name : {"REGPASS_SERVICE_HOST", "REGPASS_SERVICE_PORT", "REGPASS_SERVICE_PORT_HTTP", "REGPASS_PORT",
                           "REGPASS_PORT_3128_TCP", "REGPASS_PORT_3128_TCP_ADDR", "REGPASS_TEAM_SERVICE_HOST",
                           "REGPASS_TEAM_PORT_80_TCP_PROTO"})
    in.environment[name] = "tcp://10.0.0.1:3128";
  CHECK(report("", in).empty());
  in.environment["REGPASS_PORTS"] = "1";
  in.environment["REGPASS_REGISTRY_HOST"] = "a.test";
  CHECK(report("", in) ==
        "environment: unknown variable REGPASS_PORTS | unset it\n"
        "environment: unknown variable REGPASS_REGISTRY_HOST | a [[registry]] can only be set in the file\n");
}

TEST_CASE("E7: a URL or Docker Hub's web site as a registry's host is told what to write") {
  const auto [written, meant] = GENERATE(table<std::string, std::string>({
      {"https://index.docker.io/v1/", "docker.io"},
      {"hub.docker.com", "docker.io"},
      {"https://hub.docker.com/", "docker.io"},
      {"https://harbor.example.com/", "harbor.example.com"},
      {"registry.test:5443/team", "registry.test:5443"},
  }));
  const auto said = report("[[registry]]\nhost = '" + written + "'\n");
  CHECK_THAT(said, Catch::Contains("`host` must be a registry's host") &&
                       Catch::Contains("| write host = \"" + meant + "\"\n"));
}

TEST_CASE("text that is no TOML is an error with its place, and nothing of it is used") {
  const auto r = GENERATE(values<row>({
      {"[log]\nlevel = info\n", "2:"},
      {"a = 1\na = 2\n", "2:"},
      {"[listen\n", "1:"},
      {"listen: {}\n", "1:7: "},
      {"state_dir = \"/s\n", "1:"},
      {"state_dir = '\xff'\n", "1:"},
      {"x = [", "1:"},
  }));
  const auto l = from("explain.history = 1\n" + r.toml);
  REQUIRE(l.problems.size() == 1);
  const auto line = std::to_string(std::stoi(r.report) + 1);
  INFO(report(l));
  CHECK(l.problems[0].what.starts_with("/etc/regpass/regpass.toml:" + line + r.report.substr(r.report.find(':'))));
  CHECK(l.settings.explain.history == 256);
}

TEST_CASE("hostile files end in a problem, not in a crash") {
  std::string dots = "a", tables = "[a", nested, inner;
  for (int i = 0; i < 200'000; ++i) dots += ".a", tables += " . \"a\"";
  for (int i = 0; i < 5'000; ++i) nested += "[", inner += "{a=";
  CHECK(from(dots + " = 1").problems.size() == 1);
  CHECK(from(tables + "]").problems.size() == 1);
  CHECK(from("a = " + nested).problems.size() == 1);
  CHECK(from("a = " + inner).problems.size() == 1);
  CHECK(from(std::string(1024 * 1024 + 1, '\n')).problems.size() == 1);
  CHECK(from(std::string(1024 * 1024, '\n')).problems.empty());
  CHECK(from(std::string("\0", 1)).problems.size() == 1);
}

TEST_CASE("a file cut at any place is read or refused, never half understood") {
  const std::string text =
      "[limits]\nhead_bytes = 65536\n[[registry]]\nhost = \"a.test\"\nrealms = [\"https://b.test/t\"]\n";
  for (std::size_t n = 0; n <= text.size(); ++n) {
    const auto l = from(std::string_view(text).substr(0, n));
    if (l.problems.empty() && l.settings.registries.size() == 1) CHECK(l.settings.registries[0].host.name == "a.test");
  }
}
