#include "daemon/configuration/snapshot.hpp"

#include "support/certificates.hpp"
#include "support/temporary_directory.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>

using namespace regpass;
using Catch::Matchers::Contains;

namespace {

registry::host host(const std::string& name, std::uint16_t port = 443) {
  return registry::make_host(name, port);
}

options::registry_options configured(const std::string& name) {
  options::registry_options options;
  options.host = host(name);
  options.policy.push = {"team-a/*"};
  return options;
}

daemon::credentials with_entry(const std::string& name) {
  daemon::credentials found;
  auth::credential_entry entry;
  entry.host = host(name);
  entry.problem = "auth is not base64";
  found.store.entries.push_back(entry);
  return found;
}

}  // namespace

TEST_CASE("Registries are those configured and those of a credential entry") {
  config::settings settings;
  settings.registries = {configured("a.test")};
  const auto made = daemon::make_snapshot(settings, with_entry("b.test"), {});
  REQUIRE(made);
  const auto* a = (*made)->find(host("a.test"));
  const auto* b = (*made)->find(host("b.test"));
  REQUIRE(a);
  REQUIRE(b);
  CHECK(a->configured);
  CHECK(a->options.policy.push.size() == 1);
  CHECK_FALSE(b->configured);
  CHECK(b->options.policy.push == settings.registry_defaults.policy.push);
  CHECK((*made)->find(host("c.test")) == nullptr);
  CHECK((*made)->find(host("a.test", 5000)) == nullptr);
}

TEST_CASE("Hosts that a helper or provider is named for are registries, patterns of hosts are not") {
  daemon::credentials found;
  auth::credential_entry entry;
  entry.program = std::make_shared<auth::credential_program>();
  found.store.entries.push_back(entry);  // credsStore: for any host
  entry.host = host("helped.test");
  found.store.entries.push_back(entry);
  auto provider = std::make_shared<auth::credential_program>();
  provider->speaks = auth::credential_program::protocol::kubelet_provider;
  provider->images = {"*.azurecr.io", "named.test:5000/team-a"};
  entry.host = {};
  entry.program = provider;
  found.store.entries.push_back(entry);
  const auto made = daemon::make_snapshot({}, found, {});
  REQUIRE(made);
  std::vector<std::string> served;
  for (const auto& [name, one] : (*made)->registries) served.push_back(registry::to_text(name));
  CHECK(served == std::vector<std::string>{"helped.test", "named.test:5000"});
}

TEST_CASE("C3: a host that a key's wildcard matches becomes a registry when it is asked for") {
  daemon::credentials found;
  auth::credential_entry entry;
  entry.host_pattern = "*.example.com";
  found.store.entries.push_back(entry);
  entry.host_pattern = "k8s.*.io";  // no CA can be limited to it
  found.store.entries.push_back(entry);
  config::settings settings;
  settings.registries = {configured("own.example.com")};
  const auto made = daemon::make_snapshot(settings, found, {});
  REQUIRE(made);
  const auto& known = **made;
  const auto* one = known.find(host("r.example.com"));
  REQUIRE(one);
  CHECK(one->options.host == host("r.example.com"));
  CHECK(one->route);
  CHECK_FALSE(one->configured);
  CHECK(known.find(host("r.example.com")) == one);
  CHECK(known.knows("r.example.com"));
  CHECK(known.find(host("own.example.com"))->configured);
  CHECK(known.find(host("r.example.com", 5443)) == nullptr);
  CHECK(known.find(host("example.com")) == nullptr);
  CHECK(known.find(host("k8s.example.io")) == nullptr);
  const auto names = forward::intercepted_names(known);
  CHECK(std::ranges::find(names, "example.com") != names.end());
  for (int i = 0; i < 2000; ++i) known.find(host("h" + std::to_string(i) + ".example.com"));
  CHECK(known.find(host("one-more.example.com")) == nullptr);
  CHECK(known.find(host("r.example.com")) == one);
}

TEST_CASE("A [[registry]] is not replaced by what a credential's host would get") {
  config::settings settings;
  settings.registries = {configured("a.test")};
  const auto made = daemon::make_snapshot(settings, with_entry("a.test"), {});
  REQUIRE(made);
  CHECK((*made)->registries.size() == 1);
  CHECK((*made)->find(host("a.test"))->configured);
}

TEST_CASE("The token servers of a registry that is only watched are watched, too") {
  config::settings settings;
  settings.registries = {configured("a.test"), configured("docker.io"), configured("b.test")};
  settings.registries[0].injection = settings.registries[1].injection = auth::injection::observe;
  settings.registries[0].realms = {"https://auth.test:8443/token"};
  settings.registries[2].realms = {"https://elsewhere.test/token"};
  const auto made = daemon::make_snapshot(settings, {}, {});
  REQUIRE(made);
  for (const auto& one : {host("auth.test", 8443), host("auth.docker.io")}) {
    const auto* entry = (*made)->find(one);
    REQUIRE(entry);
    CHECK(entry->options.injection == auth::injection::observe);
  }
  CHECK((*made)->find(host("elsewhere.test")) == nullptr);
}

TEST_CASE("Registries with equal trust share one context") {
  config::settings settings;
  settings.registries = {configured("a.test"), configured("b.test")};
  const auto made = daemon::make_snapshot(settings, {}, {});
  REQUIRE(made);
  const auto* a = (*made)->find(host("a.test"));
  REQUIRE(a->context);
  CHECK(a->context == (*made)->find(host("b.test"))->context);
}

TEST_CASE("A certificate that cannot be read names the registry and the file") {
  const testing::temporary_directory dir;
  config::settings settings;
  settings.registries = {configured("a.test")};
  settings.registries[0].trust.ca_file = dir / "none.pem";
  const auto made = daemon::make_snapshot(settings, {}, {});
  REQUIRE_FALSE(made);
  CHECK_THAT(made.error().detail, Contains("a.test") && Contains("none.pem"));
}

TEST_CASE("An entry whose key names no host makes no registry") {
  auto found = with_entry("b.test");
  found.store.entries[0].host = registry::host();
  const auto made = daemon::make_snapshot(config::settings(), found, {});
  REQUIRE(made);
  CHECK((*made)->registries.empty());
  CHECK((*made)->credentials.entries.size() == 1);
}

TEST_CASE("What certs_dir has for a registry becomes part of its trust, by name with or without port 443") {
  const testing::temporary_directory dir;
  const auto ca = testing::test_ca::make().certificate();
  for (const std::string name : {"a.test", "b.test:443", "c.test:5000", "e.test"}) {
    std::filesystem::create_directories(dir / name);
    dir.put(name + "/ca.crt", ca);
  }
  config::settings settings;
  settings.tls.certs_dir = dir / "";
  settings.registries = {configured("a.test"), configured("c.test"), configured("d.test")};
  settings.registries[1].host.port = 5000;
  settings.mirrors = {{.listen = "127.0.0.1:5000", .registry = host("e.test"), .path = ""}};
  const auto made = daemon::make_snapshot(settings, with_entry("b.test"), {});
  REQUIRE(made);
  const auto cas_of = [&](const registry::host& of) { return (*made)->find(of)->options.trust.more_ca_files; };
  CHECK(cas_of(host("a.test")).size() == 1);
  CHECK(cas_of(host("b.test")).size() == 1);
  CHECK(cas_of(host("c.test", 5000)).size() == 1);
  CHECK(cas_of(host("d.test")).empty());
  CHECK((*made)->mirrors.begin()->second.unknown.options.trust.more_ca_files.size() == 1);
}

TEST_CASE("A file in certs_dir that cannot be used names the registry and the file, unless it speaks plain HTTP") {
  const testing::temporary_directory dir;
  std::filesystem::create_directories(dir / "a.test");
  dir.put("a.test/client.cert", "x");
  config::settings settings;
  settings.tls.certs_dir = dir / "";
  settings.registries = {configured("a.test")};
  const auto made = daemon::make_snapshot(settings, {}, {});
  REQUIRE_FALSE(made);
  CHECK_THAT(made.error().detail, Contains("registry a.test: ") && Contains("a.test/client.cert"));
  settings.registries[0].plain_http = true;
  CHECK(daemon::make_snapshot(settings, {}, {}));
}

TEST_CASE("The way out is the proxy that is written; none for \"direct\"") {
  config::settings settings;
  CHECK((*daemon::make_snapshot(settings, {}, {}))->upstream_proxy == nullptr);
  settings.upstream.proxy = secret("direct");
  CHECK((*daemon::make_snapshot(settings, {}, {}))->upstream_proxy == nullptr);
  settings.upstream.proxy = secret("https://alice:pw@proxy.corp:3129");
  settings.upstream.no_proxy = ".near.test";
  const auto made = daemon::make_snapshot(settings, {}, {});
  REQUIRE(made);
  const auto& way = (*made)->upstream_proxy;
  REQUIRE(way);
  CHECK(way->proxy->at == http::origin{"https", "proxy.corp", 3129});
  CHECK(way->proxy->login.expose() == "alice:pw");
  CHECK(way->except.covers("a.near.test", 443));
  CHECK(way->context != nullptr);
}
