#include "regpass/config/load.hpp"

#include "support.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace regpass;
using namespace regpass::config;
using std::chrono::milliseconds;

TEST_CASE("zero configuration works") {
  const auto l = from("");
  CHECK(report(l).empty());
  CHECK(l.settings.listen.proxy == "127.0.0.1:3128");
  CHECK(l.settings.registries.empty());
  CHECK(l.settings.registry_defaults.policy.pull == std::vector<std::string>{"*"});
  CHECK(l.settings.credentials.docker_config.empty());
  CHECK(l.settings.state_dir == "/var/lib/regpass");
  CHECK(l.settings.tls.ca_dir == "/var/lib/regpass/ca");
  CHECK(l.settings.tls.publish_dir == "/var/lib/regpass/publish");
}

TEST_CASE("every sort of value reaches its setting") {
  const auto l = from(R"(
state_dir = "/s"
listen.proxy = "[::1]:99"
credentials.docker_config = ["/a", "/b"]
other_hosts = {action = "refuse", ports = [1, 65535], deny_private_addresses = false}
upstream.connect_timeout = "250ms"
[explain]
annotate = false
history = 0
[log]
level = "debug"
format = "text"
[limits]
head_bytes = 1_048_576
http2_streams = 5
http2_stream_window = 65536
http2_connection_window = 65536
http2_resets = 6
http2_control_frames = 10
[[registry]]
host = "Registry.Test:5443"
authorization = "observe"
catalog = true
mount = "upload"
delete = ["x"]
realms = ["https://auth.test/token"]
insecure_skip_verify = true
http2 = "off"
)");
  REQUIRE(report(l).empty());
  const auto& s = l.settings;
  CHECK(s.listen.proxy == "[::1]:99");
  CHECK(s.credentials.docker_config == std::vector<std::filesystem::path>{"/a", "/b"});
  CHECK(s.other_hosts.action == options::other_hosts::what::refuse);
  CHECK(s.other_hosts.ports == std::vector<std::uint16_t>{1, 65535});
  CHECK_FALSE(s.other_hosts.deny_private_addresses);
  CHECK(s.limits.connect_within == milliseconds(250));
  CHECK_FALSE(s.explain.annotate);
  CHECK(s.explain.history == 0);
  CHECK(s.log.threshold == log::level::debug);
  CHECK(s.log.style == log::format::text);
  CHECK(s.limits.head.head_bytes == 1'048'576);
  CHECK(s.limits.h2.streams == 5);
  CHECK(s.limits.h2.stream_window == 65536);
  CHECK(s.limits.h2.connection_window == 65536);
  CHECK(s.limits.h2.resets == 6);
  CHECK(s.limits.h2.control_frames == 10);
  REQUIRE(s.registries.size() == 1);
  const auto& r = s.registries.front();
  CHECK(r.host == registry::host{"registry.test", 5443});
  CHECK(r.injection == options::injection::observe);
  CHECK(r.policy.catalog);
  CHECK(r.policy.mount == options::mount_rule::upload);
  CHECK(r.policy.remove == std::vector<std::string>{"x"});
  CHECK(r.realms == std::vector<std::string>{"https://auth.test/token"});
  CHECK(r.trust.skip_verify);
  CHECK(r.http2 == options::http2_use::off);
}

TEST_CASE("flags win over the environment, the environment over the file, the file over defaults") {
  const auto* text = "[drain]\nidle = \"1s\"\n";
  auto in = plain();
  CHECK(from("", in).settings.drain.idle == milliseconds(5'000));
  CHECK(from(text, in).settings.drain.idle == milliseconds(1'000));
  CHECK(from(text, in).origins.at("drain.idle") == "/etc/regpass/regpass.toml:2");
  in.environment["REGPASS_DRAIN_IDLE"] = "2s";
  CHECK(from(text, in).settings.drain.idle == milliseconds(2'000));
  CHECK(from(text, in).origins.at("drain.idle") == "environment REGPASS_DRAIN_IDLE");
  in.sets = {{"drain.idle", "3s"}, {"drain.idle", "4s"}};
  CHECK(from(text, in).settings.drain.idle == milliseconds(4'000));
  CHECK(from(text, in).origins.at("drain.idle") == "flag --set");
  CHECK(from(text, in).origins.at("drain.timeout") == "default");
}

TEST_CASE("texts of variables and flags are read by the kind of the key") {
  auto in = plain();
  in.environment = {{"REGPASS_CREDENTIALS_DOCKER_CONFIG", " /a , b/c "},
                    {"REGPASS_OTHER_HOSTS_PORTS", "443,8443"},
                    {"REGPASS_EXPLAIN_ANNOTATE", "false"},
                    {"REGPASS_LIMITS_HEAD_FIELDS", "7"},
                    {"PATH", "/bin"}};
  const auto l = from("credentials.docker_config = ['/from/file']", in);
  REQUIRE(report(l).empty());
  CHECK(l.settings.credentials.docker_config == std::vector<std::filesystem::path>{"/a", "b/c"});
  CHECK(l.settings.other_hosts.ports == std::vector<std::uint16_t>{443, 8443});
  CHECK_FALSE(l.settings.explain.annotate);
  CHECK(l.settings.limits.head.head_fields == 7);

  in.environment["REGPASS_CREDENTIALS_DOCKER_CONFIG"] = "";
  in.environment["REGPASS_OTHER_HOSTS_PORTS"] = "";
  CHECK(from("", in).settings.credentials.docker_config.empty());
  CHECK(from("", in).settings.other_hosts.ports.empty());
}

TEST_CASE("pushing is allowed nowhere by default, in `run` everywhere") {
  const auto* text = "[[registry]]\nhost = 'a.test'\n[[registry]]\nhost = 'b.test'\npush = []\n";
  for (const auto p : {purpose::serve, purpose::check, purpose::run}) {
    const auto l = from(text, plain(p));
    const std::vector<std::string> expected(p == purpose::run ? 1 : 0, "*");
    CHECK(l.settings.registry_defaults.policy.push == expected);
    CHECK(l.settings.registries[0].policy.push == expected);
    CHECK(l.settings.registries[1].policy.push.empty());
    CHECK(l.settings.registry_defaults.policy.remove.empty());
    CHECK(l.settings.listen.proxy == (p == purpose::run ? "127.0.0.1:0" : "127.0.0.1:3128"));
  }
}

TEST_CASE("state is kept where systemd, XDG or the home directory say") {
  struct row {
    std::map<std::string, std::string> environment;
    bool root;
    std::string directory, origin;
  };
  const std::map<std::string, std::string> all{
      {"STATE_DIRECTORY", "/run/a:/run/b"}, {"XDG_STATE_HOME", "/x"}, {"HOME", "/home/u"}};
  const auto r = GENERATE_COPY(values<row>({
      {all, true, "/run/a", "default, by STATE_DIRECTORY"},
      {{{"XDG_STATE_HOME", "/x"}, {"HOME", "/home/u"}}, true, "/x/regpass", "default, by XDG_STATE_HOME"},
      {{{"XDG_STATE_HOME", "x"}, {"HOME", "/home/u"}}, false, "/home/u/.local/state/regpass", "default, by HOME"},
      {{{"HOME", "/root"}}, true, "/var/lib/regpass", "default"},
      {{{"HOME", ""}}, false, "/var/lib/regpass", "default"},
      {{}, false, "/var/lib/regpass", "default"},
  }));
  auto in = plain();
  in.environment = r.environment;
  in.root = r.root;
  const auto l = from("state_dir = ''", in);
  CHECK(l.settings.state_dir == r.directory);
  CHECK(l.origins.at("state_dir") == r.origin);
  CHECK(l.settings.tls.ca_dir == r.directory + "/ca");
  CHECK(from("state_dir = '/mine'", in).settings.tls.publish_dir == "/mine/publish");
}

TEST_CASE("relative paths count from the file's directory") {
  const auto* text =
      "state_dir = 'state'\ncredentials.docker_config = ['../c', '/abs']\ntls.ca_dir = ''\n"
      "[[registry]]\nhost = 'a.test'\nca_file = './ca.pem'\n";
  const auto l = from(text);
  CHECK(l.settings.state_dir == "/etc/regpass/state");
  CHECK(l.settings.credentials.docker_config == std::vector<std::filesystem::path>{"/etc/c", "/abs"});
  CHECK(l.settings.tls.ca_dir == "/etc/regpass/state/ca");
  CHECK(l.settings.registries[0].trust.ca_file == "/etc/regpass/ca.pem");
  CHECK(l.settings.registries[0].trust.client_key_file.empty());
  CHECK(load_text(text, "here.toml", plain()).settings.state_dir == "state");
}

TEST_CASE("names of Docker Hub are one host, and a port of 443 is none") {
  const auto l = from("[[registry]]\nhost = 'registry-1.docker.io'\n[[registry]]\nhost = 'a.test:443'\n");
  REQUIRE(report(l).empty());
  CHECK(registry::to_text(l.settings.registries[0].host) == "docker.io");
  CHECK(registry::to_text(l.settings.registries[1].host) == "a.test");
}

TEST_CASE("an empty list of registries is none") {
  const auto l = from("registry = []");
  CHECK(report(l).empty());
  CHECK(l.settings.registries.empty());
}

TEST_CASE("A key under its old name still works, with a warning that names the new one") {
  const auto in_file = from("[limits]\nrefusals_told = 5");
  CHECK(report(in_file).empty());
  CHECK(in_file.settings.process.refusals_per_second == 5);
  REQUIRE(in_file.warnings.size() == 1);
  CHECK(in_file.warnings.front().what ==
        "/etc/regpass/regpass.toml:2:1: `limits.refusals_told` is now called `limits.refusals_per_second`");
  CHECK(in_file.warnings.front().fix == "rename it to limits.refusals_per_second");

  auto in = plain();
  in.environment = {{"REGPASS_LIMITS_REFUSALS_TOLD", "6"}};
  const auto in_environment = from("", in);
  CHECK(report(in_environment).empty());
  CHECK(in_environment.settings.process.refusals_per_second == 6);
  REQUIRE(in_environment.warnings.size() == 1);
  CHECK(in_environment.warnings.front().fix == "rename it to REGPASS_LIMITS_REFUSALS_PER_SECOND");

  in = plain();
  in.sets = {{"limits.refusals_told", "7"}};
  const auto by_flag = from("", in);
  CHECK(by_flag.settings.process.refusals_per_second == 7);
  CHECK(by_flag.warnings.size() == 1);
}

TEST_CASE("A key under its new name causes no warning") {
  CHECK(from("[limits]\nrefusals_per_second = 5").warnings.empty());
}

TEST_CASE("A key under both of its names is an error") {
  CHECK(report("[limits]\nrefusals_told = 5\nrefusals_per_second = 6") ==
        "/etc/regpass/regpass.toml:3:1: `limits.refusals_per_second` and its old name `limits.refusals_told` are both "
        "set | remove limits.refusals_told\n");
}
