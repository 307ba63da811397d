#include "config/keys/schema.hpp"
#include "support.hpp"

#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

#include <string>

using namespace regpass;
using namespace regpass::config;
using Catch::Matchers::Contains;

namespace {

const std::string two_registries = R"([[registry]]
host = "a.test"
[[registry.credential]]
repositories = ["team-a/*"]
actions = ["push", "delete"]
username = "robot$ci"
password_file = "push/password"
[[registry.credential]]
token_file = "/run/token"
[[registry]]
host = "b.test"
[[registry.credential]]
docker_config = "/run/b.json"
[credentials]
helpers = false
[[credentials.kubelet_provider]]
command = ["/opt/p", "--v=1"]
match_images = ["*.test"]
)";

std::string credential(const std::string& keys) {
  return report("[[registry]]\nhost = 'a.test'\n[[registry.credential]]\n" + keys);
}

}  // namespace

TEST_CASE("the credentials of a registry stand below it") {
  const auto l = from(two_registries);
  REQUIRE(report(l).empty());
  const auto& all = l.settings.credentials.of_registries;
  REQUIRE(all.size() == 3);
  CHECK(all[0].of == 0);
  CHECK(all[0].repositories == std::vector<std::string>{"team-a/*"});
  CHECK(all[0].actions == std::vector<std::string>{"push", "delete"});
  CHECK(all[0].username == "robot$ci");
  CHECK(all[0].password_file == "/etc/regpass/push/password");
  CHECK(all[1].of == 0);
  CHECK(all[1].token_file == "/run/token");
  CHECK(all[2].of == 1);
  CHECK(all[2].docker_config == "/run/b.json");
  CHECK(l.settings.registries.size() == 2);
  CHECK_FALSE(l.settings.credentials.helpers);
  REQUIRE(l.settings.credentials.kubelet_providers.size() == 1);
  CHECK(l.settings.credentials.kubelet_providers[0].command == std::vector<std::string>{"/opt/p", "--v=1"});
  CHECK(l.settings.credentials.kubelet_providers[0].match_images == std::vector<std::string>{"*.test"});
}

TEST_CASE("what is shown of them loads again to the same") {
  const auto first = from(two_registries);
  const auto text = show(first);
  CHECK_THAT(text, Contains("actions = [\"push\", \"delete\"]  # /etc/regpass/regpass.toml:5"));
  const auto second = load_text(text, "/elsewhere/shown.toml", plain());
  REQUIRE(report(second).empty());
  const auto &before = first.settings.credentials, &after = second.settings.credentials;
  REQUIRE(after.of_registries.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(after.of_registries[i].of == before.of_registries[i].of);
    for (const auto& key : credential_keys())
      CHECK(key.get(after.of_registries[i]) == key.get(before.of_registries[i]));
  }
  REQUIRE(after.kubelet_providers.size() == 1);
  for (const auto& key : provider_keys())
    CHECK(key.get(after.kubelet_providers[0]) == key.get(before.kubelet_providers[0]));
}

TEST_CASE("a credential has one file that it is in") {
  CHECK(credential("repositories = ['a']") ==
        "/etc/regpass/regpass.toml:3:1: [[registry.credential]] without a credential | write username and "
        "password_file, or token_file, identity_token_file or docker_config\n");
  CHECK_THAT(credential("token_file = '/a'\ndocker_config = '/b'"),
             Contains("toml:5:1: `token_file`, `docker_config` cannot be combined | keep one of them"));
  CHECK_THAT(credential("password_file = '/a'"), Contains("toml:4:1: `password_file` without `username`"));
  CHECK_THAT(credential("username = 'u'\ntoken_file = '/a'"), Contains("toml:4:1: `username` without"));
  CHECK_THAT(credential("username = 'a:b'\npassword_file = '/a'"), Contains("contains a colon"));
}

TEST_CASE("keys of a credential are checked like others") {
  CHECK_THAT(credential("actions = ['psuh']\ntoken_file = '/a'"),
             Contains("`actions` must be a list of values from pull, push, delete, catalog, got \"psuh\""));
  CHECK_THAT(credential("pasword_file = '/a'\ntoken_file = '/a'"),
             Contains("unknown key `pasword_file` of [[registry.credential]] | did you mean `password_file`?"));
  CHECK_THAT(report("[[credentials.kubelet_provider]]\nmatch_images = ['a.test']"),
             Contains("[[credentials.kubelet_provider]] without `command`"));
  CHECK_THAT(report("[[credentials.kubelet_provider]]\ncommand = ['/a']"), Contains("without `match_images`"));
  CHECK_THAT(report("[credentials]\nkubelet_provider = 5"),
             Contains("`credentials.kubelet_provider` must be a list of tables"));
  CHECK_THAT(report("[[registry]]\nhost = 'a.test'\ncredential = 5"), Contains("unknown key `credential`"));
}

TEST_CASE("the JSON Schema has the keys of credentials and providers") {
  const auto schema = boost::json::parse(json_schema()).at("properties");
  const auto& registry = schema.at("registry").at("items").at("properties");
  const auto& one = registry.at("credential").at("items").at("properties");
  for (const auto& key : credential_keys()) CHECK(one.at(key.name).at("description").as_string() == key.text);
  CHECK(one.at("actions").at("items").at("enum").as_array().size() == 4);
  const auto& provider = schema.at("credentials").at("properties").at("kubelet_provider").at("items").at("properties");
  for (const auto& key : provider_keys()) CHECK(provider.at(key.name).at("description").as_string() == key.text);
}
