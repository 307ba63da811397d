// Refusals of hosts without an entry name the login that is missing, and never propose what is there.
#include "support/proxy_under_test.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace regpass;
using namespace regpass::testing;
using Catch::Matchers::Contains;

namespace {

// Private, and refused before anybody connects to it.
const std::string address = "10.255.255.1";

std::string all_fixes(const diagnosis::explanation& x) {
  std::string text;
  for (const auto& one : x.fix) text += one + "\n";
  return text;
}

diagnosis::explanation explained(const proxy_under_test& proxy) {
  const auto done = proxy.finished();
  REQUIRE(done.size() == 1);
  REQUIRE(done[0].explanation);
  return *done[0].explanation;
}

}  // namespace

TEST_CASE("E1: a private address without an entry is refused, and the missing login is named") {
  proxy_under_test proxy;
  proxy.serve("basic.test", true);
  auto client = proxy.client();
  CHECK(client.connect(address + ":443").status == 403);
  const auto x = explained(proxy);
  CHECK(x.cause == "address-refused");
  CHECK_THAT(x.summary, Contains("there is no credential for " + address) && Contains("entries for basic.test"));
  CHECK_THAT(all_fixes(x), Contains("docker login " + address) && Contains("[[registry]] with host"));
}

TEST_CASE("E1: a refused port names the missing login first, and its ports are those in force") {
  proxy_under_test proxy;
  proxy.serve("basic.test", true);
  proxy.change([](forward::snapshot& from) { from.other_hosts.ports = {443, 8443}; });
  auto client = proxy.client();
  const auto got = client.connect("registry.invalid:5443");
  CHECK(got.status == 403);
  CHECK_THAT(got.reason, Contains("[other_hosts] ports = [443, 8443, 5443]"));  // what the client prints
  const auto x = explained(proxy);
  CHECK(x.cause == "policy-refused");
  CHECK_THAT(x.summary,
             Contains("there is no credential for registry.invalid:5443") && Contains("entries for basic.test"));
  CHECK_THAT(all_fixes(x), Contains("add a login or a [[registry]] for it") && Contains("ports = [443, 8443, 5443]"));
}

TEST_CASE("E1: hosts to which connections fail say so, too") {
  proxy_under_test proxy;
  auto client = proxy.client();
  CHECK(client.connect("registry.invalid:443").status == 503);
  const auto x = explained(proxy);
  std::string evidence;
  for (const auto& one : x.evidence) evidence += one + "\n";
  CHECK_THAT(evidence, Contains("no entry is for registry.invalid") && Contains("there is no entry for any registry"));
}

TEST_CASE("E3: plain HTTP to a registry that has an entry is told to upgrade, not to make one") {
  proxy_under_test proxy;
  const bool configured = GENERATE(true, false);
  proxy.serve(address, true);
  proxy.change([&](forward::snapshot& from) {
    for (auto& [host, entry] : from.registries) entry.configured = configured;
  });
  auto client = proxy.client();
  client.address(address);
  CHECK(client.ask("GET", "http://" + address + "/v2/").status == 403);
  const auto x = explained(proxy);
  CHECK(x.cause == "plain-http-to-tls-registry");
  CHECK_THAT(x.summary, Contains(address) && Contains("plain HTTP"));
  CHECK_THAT(all_fixes(x), Contains("upgrade_plain_http = true"));
  CHECK((all_fixes(x).find("with host = ") == std::string::npos) == configured);
}

TEST_CASE("E3: the same where other hosts are refused") {
  proxy_under_test proxy;
  proxy.serve("registry.invalid", true);
  proxy.change([](forward::snapshot& from) { from.other_hosts.action = forward::other_hosts::what::refuse; });
  auto client = proxy.client();
  client.address("registry.invalid");
  CHECK(client.ask("GET", "http://registry.invalid/v2/team-a/app/manifests/1").status == 403);
  CHECK_THAT(all_fixes(explained(proxy)), Contains("upgrade_plain_http = true") && !Contains("add a credential"));
}

TEST_CASE("E3: no entry is proposed for an address that no entry opens") {
  proxy_under_test proxy;
  auto client = proxy.client();
  CHECK(client.connect("169.254.169.254:443").status == 403);
  CHECK_THAT(all_fixes(explained(proxy)), !Contains("[[registry]]") && !Contains("docker login"));
}

TEST_CASE("E3: a host that NO_PROXY covers is not to be named in NO_PROXY") {
  proxy_under_test proxy;
  std::string nobody;
  {
    const fake_server gone;
    nobody = gone.authority();
  }
  proxy.serve(nobody, true);
  auto way = std::make_shared<net::upstream_proxy>();
  way->proxy = *http::parse_proxy("http://127.0.0.1:1");
  const bool covered = GENERATE(true, false);
  if (covered) way->except = http::no_proxy("127.0.0.1");
  proxy.change([&](forward::snapshot& from) { from.upstream_proxy = covered ? way : nullptr; });
  CHECK(proxy.inside(nobody).ask("GET", "/v2/team-a/app/manifests/1").status == 503);
  const auto fixes = all_fixes(explained(proxy));
  CHECK((fixes.find("NO_PROXY includes it") != std::string::npos) == covered);
  CHECK((fixes.find("needs HTTPS_PROXY") != std::string::npos) != covered);
}
