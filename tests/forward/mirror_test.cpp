#include "forward/modes/mirror_request.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace regpass;
using namespace regpass::forward;

namespace {

http::request_head head_of(std::string target, std::string method = "GET", std::string host = "127.0.0.1:5001") {
  http::request_head head;
  head.method = std::move(method);
  head.target = std::move(target);
  head.headers.add("Host", host);
  return head;
}

registry_entry entry_of(const std::string& name, bool plain = false) {
  registry_entry entry;
  entry.options.host = registry::parse_host(name).value();
  entry.options.plain_http = plain;
  return entry;
}

mirror_entry mirror_of(const std::string& name, std::string path = "") {
  auto unknown = entry_of(name);
  return {{"127.0.0.1:5001", unknown.options.host, std::move(path)}, unknown};
}

}  // namespace

TEST_CASE("ns is removed from the query, and the rest stays byte for byte") {
  const auto [text, after, selected] = GENERATE(table<std::string, std::string, std::string>({
      {"/v2/a/manifests/1", "/v2/a/manifests/1", ""},
      {"/v2/a/manifests/1?ns=docker.io", "/v2/a/manifests/1", "docker.io"},
      {"/v2/a/tags/list?n=5&ns=b.test&last=%2Fx", "/v2/a/tags/list?n=5&last=%2Fx", "b.test"},
      {"/v2/a/blobs/uploads/?ns=registry.test%3A5443&mount=sha256:1", "/v2/a/blobs/uploads/?mount=sha256:1",
       "registry.test:5443"},
      {"/v2/a?x=%6es&ns=b.test&ns=b.test", "/v2/a?x=%6es", "b.test"},
      {"/v2/a?ns=", "/v2/a", ""},
      {"/v2/a?ns", "/v2/a", ""},
      {"/v2/a?nsx=1&&NS=2", "/v2/a?nsx=1&&NS=2", ""},
      {"/v2/a?", "/v2/a?", ""},
      {"/v2/a?ns=%zz%4", "/v2/a", "%zz%4"},
  }));
  INFO(text);
  auto head = head_of(text);
  const auto call = parse_mirror_request(head, "");
  REQUIRE(call.has_value());
  CHECK(head.target == after);
  CHECK(call->selected == selected);
}

TEST_CASE("A prefix may stand before or after /v2, and a path without it is not found") {
  struct row {
    std::string prefix, text, after;
    bool behind;
  };
  const auto r = GENERATE(values<row>({
      {"hub", "/hub/v2/", "/v2/", false},
      {"hub", "/v2/hub/", "/v2/", true},
      {"hub", "/hub/v2/a/manifests/1?n=1", "/v2/a/manifests/1?n=1", false},
      {"hub", "/v2/hub/a/manifests/1", "/v2/a/manifests/1", true},
      {"hub", "/v2/hub/hub/manifests/1", "/v2/hub/manifests/1", true},
      {"hub", "/hub/_uploads/1", "/_uploads/1", false},
      {"a/b", "/a/b/v2/x/tags/list", "/v2/x/tags/list", false},
      {"a/b", "/v2/a/b/x/tags/list", "/v2/x/tags/list", true},
      {"hub", "/v2/a/manifests/1", "", false},
      {"hub", "/hubs/v2/a/manifests/1", "", false},
      {"hub", "/HUB/v2/a/manifests/1", "", false},
      {"hub", "/%68ub/v2/a/manifests/1", "", false},
      {"hub", "//hub/v2/a/manifests/1", "", false},
      {"hub", "/hub", "", false},
      {"hub", "/", "", false},
  }));
  INFO(r.text);
  auto head = head_of(r.text);
  const auto call = parse_mirror_request(head, r.prefix);
  REQUIRE(call.has_value() == !r.after.empty());
  if (!call) CHECK(call.error().code == errc::not_found);
  if (!call) return;
  CHECK(head.target == r.after);
  CHECK(call->prefix_behind_v2 == r.behind);
  CHECK_FALSE(call->bare_ping);
}

TEST_CASE("Only a ping may lack the prefix") {
  const auto ping = [](std::string method, std::string target) {
    auto head = head_of(std::move(target), std::move(method));
    return parse_mirror_request(head, "hub");
  };
  for (const auto* target : {"/v2/", "/v2"}) CHECK(ping("GET", target)->bare_ping);
  CHECK(ping("HEAD", "/v2/")->bare_ping);
  CHECK_FALSE(ping("POST", "/v2/").has_value());
  auto head = head_of("/v2/");
  CHECK_FALSE(parse_mirror_request(head, "")->bare_ping);
}

TEST_CASE("The client knows the mirror by the name in Host") {
  const auto [host, expected] = GENERATE(table<std::string, std::string>({
      {"127.0.0.1:5001", "http://127.0.0.1:5001"},
      {"localhost", "http://localhost"},
      {"[::1]:5001", "http://[::1]:5001"},
  }));
  auto head = head_of("/v2/", "GET", host);
  CHECK(http::to_text(parse_mirror_request(head, "")->shown) == expected);
}

TEST_CASE("Anything but a request to an origin server is an error") {
  const auto [method, target, host] = GENERATE(table<std::string, std::string, std::string>({
      {"CONNECT", "registry.test:443", "registry.test:443"},
      {"GET", "http://registry.test/v2/", "registry.test"},
      {"OPTIONS", "*", "127.0.0.1:5001"},
      {"GET", "/v2/", ""},
      {"GET", "/v2/", "a b"},
      {"GET", "/v2/a?ns=a.test&ns=b.test", "127.0.0.1:5001"},
  }));
  INFO(method << " " << target);
  auto head = head_of(target, method, host);
  const auto call = parse_mirror_request(head, "");
  REQUIRE_FALSE(call.has_value());
  CHECK(call.error().code == errc::bad_message);
}

TEST_CASE("ns selects one of the served registries, whatever the spelling of Docker Hub") {
  snapshot from;
  for (const auto* name : {"harbor.test", "docker.io", "registry.test:5443"}) {
    auto entry = entry_of(name);
    from.registries.emplace(entry.options.host, entry);
  }
  const auto mirror = mirror_of("harbor.test");
  const auto [selected, expected] = GENERATE(table<std::string, std::string>({
      {"", "https://harbor.test"},
      {"harbor.test", "https://harbor.test"},
      {"docker.io", "https://registry-1.docker.io"},
      {"index.docker.io", "https://registry-1.docker.io"},
      {"registry.test:5443", "https://registry.test:5443"},
      {"registry.test", ""},
      {"unknown.test", ""},
      {"https://harbor.test", ""},
      {"harbor.test/x", ""},
  }));
  INFO(selected);
  mirror_request call;
  call.selected = selected;
  const auto made = decide_mirror_request(call, mirror, from);
  REQUIRE((made.registry != nullptr) == !expected.empty());
  if (made.registry) CHECK(http::to_text(mirror_target(*made.registry).origin) == expected);
  if (made.registry) return;
  CHECK(made.action == decision::what::refuse);
  CHECK(made.why.find(selected) != std::string::npos);
  CHECK(made.remedy.find("host = \"" + selected + "\"") != std::string::npos);
}

TEST_CASE("A mirror's own registry is served as configured, or without options if nothing configures it") {
  snapshot from;
  const auto mirror = mirror_of("plain.test:5000");
  CHECK(decide_mirror_request({}, mirror, from).registry == &mirror.unknown);
  auto entry = entry_of("plain.test:5000", true);
  from.registries.emplace(entry.options.host, entry);
  const auto made = decide_mirror_request({}, mirror, from);
  REQUIRE(made.registry != nullptr);
  CHECK(http::to_text(mirror_target(*made.registry).origin) == "http://plain.test:5000");
}

TEST_CASE("Rewritten references name the registry only if it is not the mirror's own") {
  const auto mirror = mirror_of("harbor.test", "hub");
  mirror_request call;
  call.shown = {"http", "127.0.0.1", 5001};
  call.prefix_behind_v2 = true;
  const auto own = mirror_facade(call, mirror, mirror_target(entry_of("harbor.test")));
  CHECK(own.selected.empty());
  CHECK(own.prefix == "hub");
  CHECK(own.prefix_behind_v2);
  CHECK(own.shown == call.shown);
  CHECK(mirror_facade(call, mirror, mirror_target(entry_of("docker.io"))).selected == "docker.io");
}
