#include "forward/exchange/route.hpp"

#include <catch2/catch.hpp>

using namespace regpass;
using namespace regpass::forward;

namespace {

using way = target::way;

target target_of(way came_by, std::string host, std::uint16_t port) {
  target made;
  made.came_by = came_by;
  made.registry = registry::make_host(host, port);
  made.origin = {came_by == way::connect ? "https" : "http", std::move(host), port};
  return made;
}

void add(snapshot& to, const std::string& name, bool plain, bool configured = true) {
  registry_entry entry;
  entry.options.host = registry::parse_host(name).value();
  entry.options.plain_http = plain;
  entry.configured = configured;
  to.registries.emplace(entry.options.host, entry);
}

bool allows(const net::address_filter& filter, const char* address) {
  return filter(boost::asio::ip::make_address(address)).has_value();
}

}  // namespace

TEST_CASE("Registries are intercepted in the one way that keeps their credentials safe, others tunnelled or passed") {
  using what = decision::what;
  snapshot from;
  add(from, "registry.test", false);
  add(from, "plain.test:5000", true);
  add(from, "docker.io", false);
  const auto [came_by, host, port, expected] = GENERATE(table<way, std::string, int, what>({
      {way::connect, "registry.test", 443, what::intercept},
      {way::connect, "registry.test", 5000, what::refuse},  // another port is another host
      {way::connect, "sub.registry.test", 443, what::tunnel},
      {way::connect, "registry.test.evil.test", 443, what::tunnel},
      {way::connect, "registry-1.docker.io", 443, what::intercept},
      {way::connect, "auth.docker.io", 443, what::tunnel},
      {way::absolute_form, "registry.test", 443, what::refuse},
      {way::absolute_form, "registry.test", 80, what::pass},
      {way::absolute_form, "plain.test", 5000, what::intercept},
      {way::connect, "plain.test", 5000, what::refuse},
      {way::connect, "other.test", 443, what::tunnel},
      {way::connect, "other.test", 80, what::tunnel},
      {way::connect, "other.test", 22, what::refuse},
      {way::absolute_form, "other.test", 80, what::pass},
      {way::absolute_form, "other.test", 8080, what::refuse},
  }));
  INFO(host << ":" << port);
  const auto made = decide(target_of(came_by, host, static_cast<std::uint16_t>(port)), from);
  CHECK(made.action == expected);
  CHECK((made.registry != nullptr) == (expected == what::intercept));
  CHECK(made.why.empty() == (expected != what::refuse));
  CHECK(made.remedy.empty() == (expected != what::refuse));
}

TEST_CASE("Plain HTTP is upgraded for registries that say so, for clients on this machine, and to the right port") {
  snapshot from;
  add(from, "registry.test", false);
  add(from, "upgraded.test", false);
  add(from, "upgraded.test:5443", false);
  add(from, "docker.io", false);
  for (auto& [host, entry] : from.registries) entry.options.upgrade_plain_http = host.name != "registry.test";
  const auto [host, port, expected] = GENERATE(table<std::string, int, std::string>({
      {"upgraded.test", 80, "https://upgraded.test"},
      {"upgraded.test", 443, "https://upgraded.test"},
      {"upgraded.test", 5443, "https://upgraded.test:5443"},
      {"upgraded.test", 8080, ""},
      {"registry-1.docker.io", 80, "https://registry-1.docker.io"},
      {"registry.test", 80, ""},
  }));
  INFO(host << ":" << port);
  const auto came_by = GENERATE(way::absolute_form, way::redirected_http);
  const auto to = target_of(came_by, host, static_cast<std::uint16_t>(port));
  const auto made = decide(to, from, true);
  REQUIRE(made.upgrade == !expected.empty());
  if (!made.upgrade) return;
  CHECK(made.action == decision::what::intercept);
  CHECK(http::to_text(over_tls(to).origin) == expected);
  CHECK(over_tls(to).registry == made.registry->options.host);
  CHECK_FALSE(decide(target_of(way::connect, host, 443), from, true).upgrade);
  const auto from_afar = decide(to, from, false);
  CHECK(from_afar.action == decision::what::refuse);
  CHECK(from_afar.why.find("this machine") != std::string::npos);
}

TEST_CASE("A registry that is written with port 80 and speaks plain HTTP is not taken for its upgraded twin") {
  snapshot from;
  add(from, "both.test:80", true);
  add(from, "both.test", false);
  from.registries.at(registry::parse_host("both.test").value()).options.upgrade_plain_http = true;
  const auto made = decide(target_of(way::absolute_form, "both.test", 80), from, true);
  CHECK_FALSE(made.upgrade);
  CHECK(made.registry->options.host.port == 80);
}

TEST_CASE("When other hosts are refused registries are still served") {
  snapshot from;
  add(from, "registry.test", false);
  from.other_hosts.action = other_hosts::what::refuse;
  CHECK(decide(target_of(way::connect, "registry.test", 443), from).action == decision::what::intercept);
  CHECK(decide(target_of(way::connect, "other.test", 443), from).action == decision::what::refuse);
}

TEST_CASE("T03 which addresses a target may have follows from what the configuration says, never from its name alone") {
  using rule = auth::address_rule;
  snapshot from;
  add(from, "registry.test", false);
  add(from, "localhost:5000", true);
  add(from, "127.0.0.1:5000", true);
  add(from, "[::1]:5000", true);
  add(from, "127.0.0.2:5000", true, false);  // known from a credential only
  const auto [host, port, expected] = GENERATE(table<std::string, int, rule>({
      {"registry.test", 443, rule::private_too},
      {"localhost", 5000, rule::loopback_too},
      {"127.0.0.1", 5000, rule::loopback_too},
      {"::1", 5000, rule::loopback_too},
      {"127.0.0.2", 5000, rule::private_too},
  }));
  INFO(host);
  const auto to = target_of(port == 443 ? way::connect : way::absolute_form, host, static_cast<std::uint16_t>(port));
  const auto made = decide(to, from);
  REQUIRE(made.registry != nullptr);
  CHECK(rule_for(to, made, from) == expected);
  const auto route = registry_route(*made.registry, to.origin, party::registry, nullptr);
  CHECK(allows(route.allowed, "127.0.0.1") == (expected == rule::loopback_too));
  CHECK(allows(route.allowed, "10.0.0.1"));
  CHECK_FALSE(allows(route.allowed, "169.254.169.254"));
  CHECK(route.origin == to.origin);
}

TEST_CASE("T03 other hosts may be on public addresses, on private ones if configured, on loopback never") {
  snapshot from;
  from.other_hosts.deny_private_addresses = GENERATE(true, false);
  const auto to = target_of(way::connect, "other.test", 443);
  const auto route = pass_route(to.origin, rule_for(to, decide(to, from), from), nullptr);
  CHECK(allows(route.allowed, "93.184.216.34"));
  CHECK(allows(route.allowed, "10.0.0.1") == !from.other_hosts.deny_private_addresses);
  for (const auto* address : {"127.0.0.1", "::1", "::ffff:127.0.0.1", "169.254.169.254", "0.0.0.0", "fd00:ec2::254"}) {
    INFO(address);
    CHECK_FALSE(allows(route.allowed, address));
  }
}

TEST_CASE("A route carries its registry's trust, to the token server as well") {
  registry_entry entry;
  entry.options.host = registry::parse_host("registry.test").value();
  entry.options.trust.ca_file = "/ca.pem";
  const http::origin realm{"https", "auth.test", 443};
  const auto route = registry_route(entry, realm, party::token_server, nullptr);
  CHECK(route.trust == entry.options.trust);
  CHECK(route.origin == realm);
  CHECK(route.peer == party::token_server);
}

TEST_CASE("Names to sign for are those under which clients address the registries") {
  snapshot from;
  add(from, "registry.test:5000", false);
  CHECK(intercepted_names(from) == std::vector<std::string>{"registry.test"});
  add(from, "docker.io", false);
  const auto names = intercepted_names(from);
  for (const auto* name : {"docker.io", "registry-1.docker.io", "index.docker.io", "registry.test"}) {
    CHECK(std::ranges::find(names, name) != names.end());
  }
}
