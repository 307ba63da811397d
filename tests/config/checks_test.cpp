#include "support.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace regpass;
using namespace regpass::config;

namespace {

std::string entry(const std::string& keys) {
  return "[[registry]]\nhost = 'a.test'\n" + keys;
}

}  // namespace

TEST_CASE("a data listener that is not on loopback is a start-up error (T33)") {
  for (const auto* text :
       {"0.0.0.0:3128", "10.0.0.5:3128", "[::]:3128", "[2001:db8::1]:3128", "[::ffff:10.0.0.5]:3128"}) {
    const auto l = from("listen.proxy = '" + std::string(text) + "'");
    INFO(text);
    REQUIRE(l.problems.size() == 1);
    CHECK(l.problems[0].what == "/etc/regpass/regpass.toml:1:8: `listen.proxy` = \"" + std::string(text) +
                                    "\" is not a loopback address: anyone who can reach it could use the credentials");
    CHECK(l.problems[0].fix ==
          "write listen.proxy = \"127.0.0.1:3128\", or require a password from clients with [client_auth] secret_file");
    CHECK(report("listen.proxy = '" + std::string(text) + "'\nclient_auth.secret_file = '/run/s'").empty());
  }
  for (const auto* text : {"127.0.0.1:3128", "127.8.8.8:1", "[::1]:3128", "127.0.0.1:0"})
    CHECK(report("listen.proxy = '" + std::string(text) + "'").empty());
}

TEST_CASE("the listener's rule holds for variables and flags too (T33)") {
  auto in = plain();
  in.environment["REGPASS_LISTEN_PROXY"] = "0.0.0.0:1";
  CHECK(report("", in).starts_with("REGPASS_LISTEN_PROXY: `listen.proxy` = \"0.0.0.0:1\" is not a loopback address"));
  in.sets = {{"listen.proxy", "0.0.0.0:2"}};
  CHECK(report("", in).starts_with("--set listen.proxy: `listen.proxy` = \"0.0.0.0:2\" is not a loopback address"));
}

TEST_CASE("the transparent listener must be on loopback too, and not where the proxy is (T33)") {
  CHECK(report("listen.transparent = '127.0.0.1:13128'").empty());
  CHECK(report("listen.transparent = ''").empty());
  CHECK(report("listen.transparent = '0.0.0.0:13128'")
            .find("`listen.transparent` = \"0.0.0.0:13128\" is not a loopback address") != std::string::npos);
  CHECK(report("listen.transparent = '127.0.0.1:3128'") ==
        "/etc/regpass/regpass.toml:1:8: `listen.transparent` and `listen.proxy` are the same address | write "
        "listen.transparent = \"127.0.0.1:13128\"\n");
  CHECK(report("listen.proxy = ''\nlisten.transparent = '127.0.0.1:13128'").empty());
}

TEST_CASE("a password does not let redirected clients or a mirror's leave the machine: nobody asks them (T33)") {
  const std::string auth = "client_auth.secret_file = '/run/s'\n";
  CHECK(report(auth + "listen.transparent = '0.0.0.0:13128'").find("is not a loopback address") != std::string::npos);
  CHECK(report(auth + "[[mirror]]\nlisten = '0.0.0.0:5000'\nregistry = 'a.test'").find("is not a loopback address") !=
        std::string::npos);
}

TEST_CASE("a client secret that is to be created must be said where (T33)") {
  CHECK(report("client_auth.create = true").find("`client_auth.create` without `client_auth.secret_file`") !=
        std::string::npos);
  CHECK(report("client_auth.create = true\nclient_auth.secret_file = 'x'").empty());
}

TEST_CASE("X1: a password of BuildKit's alone and plain HTTP through the proxy cannot be combined") {
  const std::string auth = "client_auth.secret_file = '/run/s'\nclient_auth.builder = 'buildkit'\n";
  CHECK(report(auth + entry("")).empty());
  for (const std::string key : {"plain_http", "upgrade_plain_http"}) {
    const auto clear = entry(key + " = true\n");
    const auto said = report(auth + clear);
    INFO(said);
    CHECK(said.find("`" + key + "` and `client_auth.builder` = \"buildkit\" cannot be combined") != std::string::npos);
    CHECK(said.find("client_auth.builder = \"auto\"") != std::string::npos);
    CHECK(report("client_auth.secret_file = '/run/s'\n" + clear).empty());
    CHECK(report("client_auth.builder = 'buildkit'\n" + clear).empty());
    CHECK(report(auth + "listen.proxy = ''\nlisten.transparent = '127.0.0.1:13128'\n" + clear).empty());
  }
}

TEST_CASE("a server without any listener is an error") {
  CHECK(report("listen.proxy = ''") ==
        "/etc/regpass/regpass.toml:1:8: no listener is enabled | write listen.proxy = \"127.0.0.1:3128\"\n");
}

TEST_CASE("one registry has one entry, whatever the spelling of its host (T31)") {
  struct row {
    std::string first, second;
    bool same;
  };
  const auto r = GENERATE(values<row>({
      {"a.test", "a.test", true},
      {"a.test", "A.Test.", true},
      {"a.test", "a.test:443", true},
      {"docker.io", "index.docker.io", true},
      {"a.test", "a.test:5000", false},
      {"a.test", "b.test", false},
  }));
  const auto l = from("[[registry]]\nhost='" + r.first + "'\n[[registry]]\nhost='" + r.second + "'\n");
  REQUIRE(l.problems.size() == (r.same ? 1 : 0));
  if (r.same)
    CHECK(l.problems[0].what.ends_with("has a second [[registry]]; the first is at /etc/regpass/regpass.toml:2:1"));
  if (r.same) CHECK(l.problems[0].what.starts_with("/etc/regpass/regpass.toml:4:1: "));
}

TEST_CASE("an entry without host is said once, also when the host is wrong") {
  CHECK(report("[[registry]]\npush = []") ==
        "/etc/regpass/regpass.toml:1:1: [[registry]] without `host` | write host = \"harbor.example.com\"\n");
  CHECK(from("[[registry]]\nhost = 5").problems.size() == 1);
  CHECK(from("[[registry]]\n[[registry]]").problems.size() == 2);
}

TEST_CASE("a client certificate and its key come together") {
  CHECK(report(entry("client_cert_file = '/c'")) ==
        "/etc/regpass/regpass.toml:3:1: `client_cert_file` without `client_key_file` | add client_key_file, or remove "
        "client_cert_file\n");
  CHECK(report(entry("client_key_file = '/c'")) ==
        "/etc/regpass/regpass.toml:3:1: `client_key_file` without `client_cert_file` | add client_cert_file, or remove "
        "client_key_file\n");
  CHECK(report(entry("client_cert_file = '/c'\nclient_key_file = '/k'")).empty());
}

TEST_CASE("plain HTTP leaves no room for keys of TLS") {
  CHECK(report(entry("plain_http = true")).empty());
  CHECK(from(entry("plain_http = true\nca_file = '/c'")).problems.size() == 1);
  CHECK(from(entry("plain_http = true\nca_file = '/c'\ninsecure_skip_verify = true")).problems.size() == 2);
  CHECK(from(entry("plain_http = true\nupgrade_plain_http = true")).problems.size() == 1);
  CHECK(report(entry("upgrade_plain_http = true\nca_file = '/c'")).empty());
  CHECK(from(entry("plain_http = true\nclient_cert_file = '/c'\nclient_key_file = '/k'")).problems.size() == 2);
  CHECK(report(entry("plain_http = false\nca_file = '/c'")).empty());
  CHECK(report(entry("plain_http = true\nca_file = '/c'")) ==
        "/etc/regpass/regpass.toml:4:1: `plain_http` and `ca_file` cannot be combined | remove plain_http if the "
        "registry uses TLS, otherwise ca_file\n");
}

TEST_CASE("a pattern that begins with the registry's host would match nothing") {
  CHECK(report(entry("push = ['team-a/*', 'a.test/team-b/*']")) ==
        "/etc/regpass/regpass.toml:3:1: `push` includes the registry's host in the pattern \"a.test/team-b/*\" | write "
        "\"team-b/*\"\n");
  CHECK(report(entry("push = ['a.testing/x', '*']")).empty());
}

TEST_CASE("bounds that contain each other do so") {
  CHECK(from("[limits]\nhead_bytes = 4096").problems.size() == 1);
  CHECK(report("[limits]\nhead_bytes = 4096")
            .starts_with(
                "/etc/regpass/regpass.toml:2:1: `limits.target_bytes` = 8192 is more than `limits.head_bytes` = 4096"));
  CHECK(report("[limits]\nhead_bytes = 4096\ntarget_bytes = 4096").empty());
  CHECK(from("[limits]\ntoken_response_bytes = 4096").problems.size() == 1);
}

TEST_CASE("the directory that clients see never contains the CA's key (T23)") {
  for (const auto* keys : {"publish_dir = '/s/ca'\nca_dir = '/s/ca'", "publish_dir = '/s'\nca_dir = '/s/ca'",
                           "publish_dir = '/s/x/../'\nca_dir = '/s/a/b'", "publish_dir = '/s/ca/'\nca_dir = '/s/ca'"}) {
    INFO(keys);
    CHECK(from("[tls]\n" + std::string(keys)).problems.size() == 1);
  }
  CHECK(report("[tls]\npublish_dir = '/s/ca/public'\nca_dir = '/s/ca'").empty());
  CHECK(report("[tls]\npublish_dir = '/s/ca-public'\nca_dir = '/s/ca'").empty());
  CHECK(from("state_dir = '/s'\ntls.publish_dir = '/s'").problems.size() == 1);
}
