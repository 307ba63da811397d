#include "forward/modes/target.hpp"

#include <catch2/catch.hpp>

using namespace regpass;
using namespace regpass::forward;

namespace {

http::request_head head_of(std::string method, std::string target) {
  http::request_head head;
  head.method = std::move(method);
  head.target = std::move(target);
  head.headers.add("Host", "written.test");
  return head;
}

}  // namespace

TEST_CASE("A CONNECT names host and port, and the registry is known by its own name") {
  const auto [text, host, port, registry] = GENERATE(table<std::string, std::string, int, std::string>({
      {"harbor.example.com:443", "harbor.example.com", 443, "harbor.example.com"},
      {"Harbor.Example.COM.:5000", "harbor.example.com", 5000, "harbor.example.com:5000"},
      {"[::1]:5000", "::1", 5000, "[::1]:5000"},
      {"registry-1.docker.io:443", "registry-1.docker.io", 443, "docker.io"},
      {"index.docker.io:443", "index.docker.io", 443, "docker.io"},
  }));
  INFO(text);
  auto head = head_of("CONNECT", text);
  const auto to = parse_proxy_target(head);
  REQUIRE(to.has_value());
  CHECK(to->came_by == target::way::connect);
  CHECK(to->origin == http::origin{"https", host, static_cast<std::uint16_t>(port)});
  CHECK(registry::to_text(to->registry) == registry);
}

TEST_CASE("The absolute form is rewritten to the origin form, and Host is set from it") {
  const auto [text, target_after, host_after] = GENERATE(table<std::string, std::string, std::string>({
      {"http://registry.test/v2/a?b=%2F", "/v2/a?b=%2F", "registry.test"},
      {"http://registry.test:5000/v2/", "/v2/", "registry.test:5000"},
      {"HTTP://REGISTRY.test", "/", "registry.test"},
      {"http://registry.test?x=1", "/?x=1", "registry.test"},
  }));
  INFO(text);
  auto head = head_of("GET", text);
  const auto to = parse_proxy_target(head);
  REQUIRE(to.has_value());
  CHECK(to->came_by == target::way::absolute_form);
  CHECK(to->origin.scheme == "http");
  CHECK(head.target == target_after);
  CHECK(head.headers.get("Host") == host_after);
}

TEST_CASE("Anything but a request to a proxy is an error") {
  const auto [method, text] = GENERATE(table<std::string, std::string>({
      {"GET", "/v2/"},
      {"OPTIONS", "*"},
      {"GET", "https://registry.test/v2/"},
      {"GET", "ftp://registry.test/"},
      {"GET", "registry.test:443"},
      {"GET", "http://"},
      {"GET", "http://a@registry.test/"},
      {"GET", ""},
      {"CONNECT", ""},
      {"CONNECT", "registry.test"},
      {"CONNECT", "registry.test:0"},
      {"CONNECT", "registry.test:65536"},
      {"CONNECT", "a@registry.test:443"},
      {"CONNECT", "registry.test:443/"},
      {"CONNECT", "http://registry.test:443"},
      {"CONNECT", "127.1:443"},
  }));
  INFO(method << " " << text);
  auto head = head_of(method, text);
  CHECK_FALSE(parse_proxy_target(head).has_value());
}
