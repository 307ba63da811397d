#include "auth/docker_config.hpp"

#include "support.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

namespace regpass::auth {
namespace {

docker_config read(std::string_view text) {
  return parse_docker_config(text, "config.json").value();
}

std::string failure(std::string_view text) {
  const auto config = parse_docker_config(text, "config.json");
  if (config) return "no error";
  CHECK(config.error().code == errc::bad_input);
  return config.error().detail;
}

constexpr std::string_view sample = R"({
  "auths": {
    "https://index.docker.io/v1/": {"auth": "YWxpY2U6cHc=", "email": "a@b.test"},
    "r.test:5443": {"username": "bob", "password": "pw2"}
  },
  "credsStore": "desktop",
  "credHelpers": {"gcr.io": "gcloud", "eu.gcr.io": "gcloud"},
  "HttpHeaders": {"User-Agent": "x"}
})";

}  // namespace

TEST_CASE("a config.json is read in file order, helpers included") {
  const auto config = read(sample);
  REQUIRE(config.entries.size() == 2);
  const auto& hub = config.entries[0];
  CHECK(hub.host == registry::make_host("docker.io", 443));
  CHECK(hub.source == "config.json");
  CHECK(hub.key == "https://index.docker.io/v1/");
  CHECK(hub.problem.empty());
  REQUIRE(hub.credential);
  CHECK(hub.credential->kind == credential_kind::basic);
  CHECK(hub.credential->username == "alice");
  CHECK(hub.credential->value == secret("pw"));
  CHECK(hub.credential->source == "config.json");
  CHECK(hub.credential->key == "https://index.docker.io/v1/");
  CHECK(config.entries[1].host == registry::make_host("r.test", 5443));
  CHECK(config.entries[1].credential->value == secret("pw2"));
  CHECK(config.entries[1].credential->generation > hub.credential->generation);
}

TEST_CASE("helpers come as docker asks them: the host's own, then the one for all") {
  const auto config = read(sample);
  std::vector<std::string> shown;
  for (const auto& one : config.helpers) {
    shown.push_back(one.host.name + " " + one.key + " " + name_of(*one.program));
    CHECK_FALSE(one.credential);
  }
  CHECK(shown == std::vector<std::string>{"gcr.io gcr.io docker-credential-gcloud",
                                          "eu.gcr.io eu.gcr.io docker-credential-gcloud",
                                          " credsStore docker-credential-desktop"});
}

TEST_CASE("a helper's name leads nowhere but into PATH") {
  const auto name = GENERATE(R"("../../tmp/evil")", R"("")", R"("a b")", "5", R"("a\nb")");
  const auto config = read(fmt::format(R"({{"credHelpers": {{"r.test": {}}}}})", name));
  REQUIRE(config.helpers.size() == 1);
  CHECK_FALSE(config.helpers[0].program);
  CHECK_THAT(config.helpers[0].problem, Catch::Contains("is no name of a credential helper"));
}

TEST_CASE("CRED-13: a .dockercfg has its hosts at the top") {
  const auto config = read(R"({"r.test": {"auth": "YWxpY2U6cHc=", "email": ""}, "other": {"x": 1}, "n": 5})");
  REQUIRE(config.entries.size() == 1);
  CHECK(config.entries[0].host.name == "r.test");
  CHECK(config.entries[0].credential->username == "alice");
}

TEST_CASE("CRED-12: files without entries are told apart from broken ones") {
  CHECK(failure("") == "config.json: the file is empty");
  CHECK(failure(" \n\t") == "config.json: the file holds nothing but blanks");
  CHECK(read("{}").entries.empty());
  CHECK(read(R"({"auths":{}})").entries.empty());
  CHECK(read(R"({"auths":null})").entries.empty());
  CHECK(read(R"({"HttpHeaders":{"User-Agent":"x"},"credsStore":"pass"})").entries.empty());
}

TEST_CASE("a broken file is an error with line and column") {
  CHECK_THAT(failure("{\n  \"auths\": {\n    \"r.test\" {}\n  }\n}"), Catch::StartsWith("config.json:3:14: no JSON: "));
  CHECK_THAT(failure("nonsense"), Catch::StartsWith("config.json:1:1: no JSON: "));
  CHECK_THAT(failure("{\"auths\": {}"), Catch::StartsWith("config.json:1:13: no JSON: "));
  CHECK_THAT(failure("{} x"), Catch::StartsWith("config.json:1:4: no JSON: "));
  CHECK(failure("\n [1]") == "config.json:2:2: no JSON object");
  CHECK(failure("{\n\"auths\": []}") == "config.json:2:1: \"auths\" is no JSON object");
}

TEST_CASE("C1: a mark of UTF-8 is no part of the JSON, and UTF-16 is named") {
  CHECK(read("\xEF\xBB\xBF{\"auths\":{\"r.test\":{\"auth\":\"YWxpY2U6cHc=\"}}}").entries.size() == 1);
  CHECK(failure("\xEF\xBB\xBF{") == "config.json:1:2: no JSON: incomplete JSON");
  CHECK(failure("\xEF\xBB\xBF") == "config.json: the file is empty");
  CHECK(failure(std::string_view("\xFF\xFE{\0}\0", 6)) == "config.json: the file is UTF-16; save it as UTF-8");
  CHECK(failure(std::string_view("{\"auths\":\0}", 11)) ==
        "config.json:1: byte 9 is NUL, which has no place in a text file");
}

TEST_CASE("CRED-05: a raw line break inside a string is named as such") {
  const auto text = "{\"auths\":\n{\"r.test\":{\"auth\":\"YWxpY2U6\ncHc=\"}}}";
  CHECK(failure(text) ==
        "config.json:2:28: no JSON: line break inside a string (was the secret wrapped? base64 -w0 does not)");
}

TEST_CASE("depth is bounded and no recursion runs away") {
  const auto deep = std::string(100'000, '[');
  CHECK_THAT(failure("{\"auths\":" + deep), Catch::Contains("no JSON"));
}

TEST_CASE("a file cut at any place is an error, and none shows its secret") {
  for (std::size_t cut = 0; cut + 1 < sample.size(); ++cut) {
    CHECK_THAT(failure(sample.substr(0, cut)), !Catch::Contains("pw") && !Catch::Contains("YWxp"));
  }
}

TEST_CASE("any byte in place of another neither crashes nor leaks the secret into a problem") {
  for (std::size_t at = 0; at < sample.size(); ++at) {
    for (const char byte : {'\0', '\n', '"', '\\', '{', '}', ':', '\xff', '5', 'a'}) {
      auto text = std::string(sample);
      text[at] = byte;
      const auto config = parse_docker_config(text, "f");
      if (!config) continue;
      for (const auto& one : config->entries) CHECK(one.problem.find("YWxpY2U6") == std::string::npos);
    }
  }
}

TEST_CASE("one bad entry does not spoil the others") {
  const auto config =
      read(R"({"auths":{"a.test":{"auth":"%%%"},"b.test":5,"c.test":{"auth":"YWxpY2U6cHc="},"d.test":null}})");
  REQUIRE(config.entries.size() == 4);
  CHECK_FALSE(config.entries[0].credential);
  CHECK(config.entries[1].problem == "the entry is no JSON object");
  CHECK(config.entries[2].credential);
  CHECK_THAT(config.entries[3].problem, Catch::StartsWith("the entry is empty"));
}

TEST_CASE("T31: keys name a registry in every form that docker, podman and kubelet write") {
  struct row {
    std::string_view key, host;
  };
  const auto [key, host] = GENERATE(values<row>({
      {"docker.io", "docker.io"},
      {"index.docker.io", "docker.io"},
      {"registry-1.docker.io", "docker.io"},
      {"https://index.docker.io/v1/", "docker.io"},
      {"https://index.docker.io/v1", "docker.io"},
      {"https://registry-1.docker.io/v2/", "docker.io"},
      {"index.docker.io/v1/", "docker.io"},
      {"R.Test", "r.test"},
      {"r.test.", "r.test"},
      {"r.test/", "r.test"},
      {"r.test:443", "r.test"},
      {"r.test:5443", "r.test:5443"},
      {"https://r.test", "r.test"},
      {"HTTPS://r.test:5443/", "r.test:5443"},
      {"http://r.test:5000/v2/", "r.test:5000"},
      {"http://r.test", "r.test"},
      {"[::1]:5000", "[::1]:5000"},
  }));
  const auto config = read(fmt::format(R"({{"auths":{{"{}":{{"auth":"YWxpY2U6cHc="}}}}}})", key));
  REQUIRE(config.entries.size() == 1);
  CHECK(config.entries[0].problem == "");
  CHECK(config.entries[0].credential);
  CHECK(registry::to_text(config.entries[0].host) == host);
}

TEST_CASE("a key with a path is for the repositories below it") {
  struct row {
    std::string_view key, host, path;
  };
  const auto [key, host, path] = GENERATE(values<row>({
      {"r.test/team-a", "r.test", "team-a"},
      {"r.test:5443/team-a/app", "r.test:5443", "team-a/app"},
      {"https://r.test/team-a/", "r.test", "team-a"},
      {"docker.io/library/alpine", "docker.io", "library/alpine"},
  }));
  const auto config = read(fmt::format(R"({{"auths":{{"{}":{{"auth":"YWxpY2U6cHc="}}}}}})", key));
  REQUIRE(config.entries.size() == 1);
  CHECK(config.entries[0].credential);
  CHECK(registry::to_text(config.entries[0].host) == host);
  CHECK(config.entries[0].range.path == path);
}

TEST_CASE("T31: keys that name no registry give no credential") {
  struct row {
    std::string_view key, problem;
  };
  const auto [key, problem] = GENERATE(values<row>({
      {"r.test/Team-A", "the key's path Team-A is no repository"},
      {"r.test/a//b", "the key's path a//b is no repository"},
      {"r.test/team-a/../b", "the key's path team-a/../b is no repository"},
      {"https://index.docker.io/v1/access-token", "the key's path v1/access-token is for Docker Desktop's own tokens"},
      {"", "the key names no registry"},
      {"https://", "the key names no registry"},
      {"*.com", "the key names no registry"},
      {"user@r.test", "the key names no registry"},
      {"r.test:0", "the key names no registry"},
      {"r.test:99999", "the key names no registry"},
      {"r test", "the key names no registry"},
      {"ftp://r.test", "the key names no registry"},
  }));
  const auto config = read(fmt::format(R"({{"auths":{{"{}":{{"auth":"YWxpY2U6cHc="}}}}}})", key));
  REQUIRE(config.entries.size() == 1);
  CHECK_FALSE(config.entries[0].credential);
  CHECK_THAT(config.entries[0].problem, Catch::StartsWith(std::string(problem)));
}

}  // namespace regpass::auth
