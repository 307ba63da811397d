// What is known of a redirected connection before it is served.
#include "forward/modes/redirected.hpp"

#include "forward/exchange/route.hpp"
#include "regpass/net/listener.hpp"
#include "support/tls_pair.hpp"

#include <catch2/catch.hpp>

#include <array>

using namespace regpass;
using namespace regpass::forward;
using regpass::testing::value_of;

namespace {

net_endpoint at(std::string_view text) {
  return value_of(net::parse_endpoint(text));
}

tls::client_hello naming(std::string name) {
  tls::client_hello hello;
  hello.server_name = std::move(name);
  return hello;
}

http::request_head asking(std::string host) {
  http::request_head head;
  head.method = "GET";
  head.target = "/v2/";
  if (!host.empty()) head.headers.add("Host", host);
  return head;
}

}  // namespace

TEST_CASE("Redirected TLS is for the host in SNI, else for the original address, always at the original port") {
  const auto [name, original, host, registry] = GENERATE(table<std::string, std::string, std::string, std::string>({
      {"harbor.example.com", "10.0.0.7:443", "harbor.example.com", "harbor.example.com"},
      {"Harbor.Example.COM", "10.0.0.7:5000", "harbor.example.com", "harbor.example.com:5000"},
      {"registry-1.docker.io", "10.0.0.7:443", "registry-1.docker.io", "docker.io"},
      {"", "10.0.0.7:443", "10.0.0.7", "10.0.0.7"},
      {"", "[2001:db8::7]:5000", "2001:db8::7", "[2001:db8::7]:5000"},
      {"10.9.9.9", "10.0.0.7:443", "10.0.0.7", "10.0.0.7"},  // SNI has no addresses: a client cannot choose one by it
      {"a b", "10.0.0.7:443", "10.0.0.7", "10.0.0.7"},
  }));
  INFO(name << " at " << original);
  const auto to = redirected_tls(naming(name), at(original));
  CHECK(to.came_by == target::way::redirected_tls);
  CHECK(to.origin == http::origin{"https", host, at(original).port()});
  CHECK(registry::to_text(to.registry) == registry);
  CHECK(to.original == at(original).address().to_string());
}

TEST_CASE("Redirected HTTP is for the host in Host, else for the original address") {
  const auto [host, original, authority] = GENERATE(table<std::string, std::string, std::string>({
      {"a.test", "10.0.0.7:80", "a.test"},
      {"a.test:80", "10.0.0.7:80", "a.test"},
      {"a.test:5000", "10.0.0.7:5000", "a.test:5000"},
      {"a.test", "10.0.0.7:5000", "a.test:5000"},
      {"", "10.0.0.7:80", "10.0.0.7"},
  }));
  const auto to = redirected_http(asking(host), at(original));
  REQUIRE(to.has_value());
  CHECK(to->origin.scheme == "http");
  CHECK(http::authority(to->origin) == authority);
  CHECK(to->original == "10.0.0.7");
}

TEST_CASE("T20 a Host with another port than the client connected to is refused") {
  const auto to = redirected_http(asking("a.test:81"), at("10.0.0.7:80"));
  REQUIRE_FALSE(to.has_value());
  CHECK(to.error().detail == "Host names port 81, but the client connected to port 80");
  CHECK_FALSE(redirected_http(asking("a@b"), at("10.0.0.7:80")).has_value());
}

TEST_CASE("Connections that were not redirected, or were meant for a listener of regpass, are refused") {
  const std::array own{at("127.0.0.1:3128"), at("127.0.0.1:13128"), at("[::1]:13128")};
  CHECK(check_redirection(at("10.0.0.7:443"), at("127.0.0.1:13128"), own).has_value());
  CHECK(check_redirection(at("127.0.0.1:443"), at("127.0.0.1:13128"), own).has_value());
  const auto direct = check_redirection(at("127.0.0.1:13128"), at("127.0.0.1:13128"), own);
  REQUIRE_FALSE(direct.has_value());
  CHECK(direct.error().detail.find("only connections that were redirected") != std::string::npos);
  const auto loop = check_redirection(at("127.0.0.1:3128"), at("127.0.0.1:13128"), own);
  REQUIRE_FALSE(loop.has_value());
  CHECK(loop.error().detail.find("127.0.0.1:3128, a listener of regpass") != std::string::npos);
}

TEST_CASE("The first bytes tell whether a connection is TLS, HTTP or neither") {
  using kind = detected_protocol::kind;
  const auto [bytes, what] = GENERATE(table<std::string, kind>({
      {"", kind::need_more},
      {"G", kind::need_more},
      {"M-SEARCH", kind::need_more},
      {"GET ", kind::http},
      {"CONNECT a:443 HTTP/1.1", kind::http},
      {"PRI", kind::need_more},
      {"PRI * HTTP/2.0", kind::other},
      {" GET", kind::other},
      {"get / HTTP/1.1", kind::other},
      {"SSH-2.0-x", kind::other},
      {"ABCDEFGHIJKLMNOPQRSTU", kind::other},
      {"\x16\x03\x01", kind::need_more},
      {"\x16\x02", kind::other},
  }));
  INFO(bytes);
  CHECK(detect_protocol(bytes).what == what);
}

TEST_CASE("A stream in an unknown protocol is never taken for a registry") {
  snapshot from;
  registry_entry entry;
  entry.options.host = value_of(registry::parse_host("10.0.0.7"));
  from.registries.emplace(entry.options.host, entry);
  CHECK(decide(redirected_tls(naming(""), at("10.0.0.7:443")), from).action == decision::what::intercept);
  CHECK(decide(redirected_opaque(at("10.0.0.7:443")), from).action == decision::what::tunnel);
  CHECK(decide(redirected_opaque(at("10.0.0.7:22")), from).action == decision::what::refuse);
}

TEST_CASE("A request that has passed through regpass four times is looping") {
  auto head = asking("a.test");
  for (int i = 0; i < 3; ++i) head.headers.add("Via", "1.1 regpass");
  head.headers.add("Via", "1.1 squid");
  CHECK_FALSE(is_forwarding_loop(head));
  head.headers.add("Via", "1.1 regpass");
  CHECK(is_forwarding_loop(head));
}
