// Keys of credential files that are patterns of hosts, or name no registry (row C3).
#include "regpass/auth/host_pattern.hpp"

#include "auth/docker_config.hpp"
#include "regpass/auth/choice.hpp"
#include "support.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <initializer_list>

namespace regpass::auth {
namespace {

using Catch::Contains;

credential_store store_of(std::initializer_list<std::string_view> keys) {
  std::string members;
  for (const auto key : keys) {
    const auto pair = base64(fmt::format("u:{}", key));
    members += fmt::format(R"({}"{}":{{"auth":"{}"}})", members.empty() ? "" : ",", key, pair);
  }
  credential_store made;
  made.entries = parse_docker_config(fmt::format(R"({{"auths":{{{}}}}})", members), "f").value().entries;
  made.sources = {"f"};
  return made;
}

choice chosen(const credential_store& store, std::string_view host, std::string repository = "team/app") {
  return choose(store, {registry::parse_host(host).value(), std::move(repository), registry::action::pull});
}

// The key of the entry that is used, or "none".
std::string used(std::initializer_list<std::string_view> keys, std::string_view host,
                 std::string repository = "team/app") {
  const auto made = chosen(store_of(keys), host, std::move(repository));
  return made.credential ? made.credential->key : "none";
}

// In JSON's escapes.
std::string flaw_of(std::string_view key) {
  const auto config = parse_docker_config(fmt::format(R"({{"auths":{{"{}":{{"auth":"dTpw"}}}}}})", key), "f").value();
  const auto& entry = config.entries.at(0);
  CHECK((entry.credential == nullptr) == !entry.problem.empty());
  return entry.problem;
}

}  // namespace

TEST_CASE("C3: wildcards match within one label, with the port and whole parts of the path, as the kubelet's do") {
  struct row {
    std::string_view key, host;
    bool found;
  };
  const auto [key, host, found] = GENERATE(values<row>({
      {"*.kubernetes.io", "sub.kubernetes.io", true},
      {"*.kubernetes.io", "SUB.kubernetes.io", true},
      {"*.KUBERNETES.io", "sub.kubernetes.io", true},
      {"*.kubernetes.io", "kubernetes.io", false},
      {"*.kubernetes.io", "a.sub.kubernetes.io", false},
      {"*.kubernetes.io", "sub.kubernetes.io.evil.com", false},
      {"*.*.kubernetes.io", "a.sub.kubernetes.io", true},
      {"k8s.*.io", "k8s.example.io", true},
      {"prefix*.example.io", "prefix-1.example.io", true},
      {"*-good.example.io", "very-good.example.io", true},
      {"*-good.example.io", "bad.example.io", false},
      {"r?.example.io", "r1.example.io", true},
      {"r?.example.io", "r12.example.io", false},
      {"r[0-9].example.io", "r1.example.io", true},
      {"r[^0-9].example.io", "r1.example.io", false},
      {"*.example.io:5443", "r.example.io:5443", true},
      {"*.example.io:5443", "r.example.io", false},
      {"*.example.io", "r.example.io:5443", false},
      {"*.example.io:443", "r.example.io", true},
      {"https://*.example.io/v1/", "r.example.io", true},
      {"*.example.io/team", "r.example.io", true},
      {"*.example.io/team/app", "r.example.io", true},
      {"*.example.io/tea", "r.example.io", false},
      {"*.test", "r.test", true},
      {"*", "registry", true},
      {"*", "r.test", false},
  }));
  INFO(key << " " << host);
  CHECK((used({key}, host) != "none") == found);
}

TEST_CASE("C3: the most specific key wins: a host before a pattern, then the longer path, then more letters") {
  CHECK(used({"*.example.io", "r.example.io"}, "r.example.io") == "r.example.io");
  CHECK(used({"*.example.io/team", "r.example.io"}, "r.example.io") == "r.example.io");
  CHECK(used({"*.example.io", "*.example.io/team"}, "r.example.io") == "*.example.io/team");
  CHECK(used({"*.example.io", "*.example.io/team"}, "r.example.io", "other/app") == "*.example.io");
  CHECK(used({"r.*.io", "r.*ple.io"}, "r.example.io") == "r.*ple.io");
  CHECK(used({"*.example.io", "r*.example.io"}, "r.example.io") == "r*.example.io");
}

TEST_CASE("C3: a pattern for hosts that anybody can register gives nothing away") {
  for (const auto* key : {"*.com", "*.*", "*.co.uk", "*.*.com", "??.*"}) {
    INFO(key);
    CHECK_THAT(flaw_of(key), Contains("the key names no registry") && Contains("write the domain out"));
    CHECK(used({key}, "example.com") == "none");
  }
  CHECK(flaw_of("*.jfrog.io").empty());
  CHECK(flaw_of("*.dkr.ecr.*.amazonaws.com").empty());
  CHECK(flaw_of("*.internal").empty());
}

TEST_CASE("C3: a key that names no registry says why") {
  struct row {
    std::string_view key, said;
  };
  const auto [key, said] = GENERATE(values<row>({
      {"", "it is empty"},
      {"https://", "https:// has no host"},
      {"http://", "has no host"},
      {"/team", "/team has no host"},
      {"$REGISTRY", "$REGISTRY holds a variable that nothing has replaced"},
      {"${REGISTRY}", "holds a variable that nothing has replaced"},
      {"https://${REGISTRY}/v1/", "holds a variable that nothing has replaced"},
      {"{{ .Values.registry }}", "holds a variable that nothing has replaced"},
      {"<registry>", "holds a variable that nothing has replaced"},
      {" r.test", "it holds a blank"},
      {"r.test ", "it holds a blank"},
      {"r.test\\n", "it holds a blank or a line break"},
      {"oci://r.test", "is no URL of a registry"},
      {"docker://r.test", "is no URL of a registry"},
      {"*.example.io:port", "is no port"},
      {"*..example.io", "has an empty label"},
      {"r[0-9.example.io", "'[' without ']'"},
      {"*.exa mple.io", "it holds a blank"},
  }));
  INFO(key);
  CHECK_THAT(flaw_of(key), Catch::StartsWith("the key names no registry: ") && Contains(std::string(said)));
  // Whatever it was meant for, it is named where a credential is missing.
  const auto made = chosen(store_of({key}), "r.test");
  CHECK_FALSE(made.credential);
  REQUIRE(made.others.size() == 1);
  CHECK_THAT(made.others[0].why, Contains(std::string(said)));
}

TEST_CASE("C3: a password in a key is shown nowhere") {
  for (const auto* key : {"https://alice:canary@r.test/v1/", "alice:canary@r.test", "canary@r.test"}) {
    const auto store = store_of({key});
    const auto& entry = store.entries.at(0);
    CHECK_FALSE(entry.credential);
    CHECK_THAT(entry.key, Contains("***@r.test") && !Contains("canary"));
    CHECK_THAT(entry.problem, Contains("user name or password") && !Contains("canary"));
  }
}

TEST_CASE("C3: credHelpers has no wildcards") {
  const auto config = parse_docker_config(R"({"credHelpers":{"*.dkr.ecr.*.amazonaws.com":"ecr-login"}})", "f").value();
  REQUIRE(config.helpers.size() == 1);
  CHECK_FALSE(config.helpers[0].program);
  CHECK_THAT(config.helpers[0].problem, Contains("credHelpers has no wildcards"));
}

TEST_CASE("C3: a pattern of the same domain that does not match is a near miss") {
  const auto made = chosen(store_of({"*.example.io", "*.other.io"}), "a.b.example.io");
  CHECK_FALSE(made.credential);
  REQUIRE(made.others.size() == 1);
  CHECK_THAT(made.others[0].why, Contains("*.example.io") && Contains("one label"));
}

TEST_CASE("C3: an unusable key is named behind entries that are closer") {
  const auto made = chosen(store_of({"$REGISTRY", "r.test:5443"}), "r.test");
  REQUIRE(made.others.size() == 2);
  CHECK(made.others[0].key == "r.test:5443");
  CHECK(made.others[1].key == "$REGISTRY");
}

}  // namespace regpass::auth
