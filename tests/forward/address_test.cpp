// T03: the proxy is no way to this machine's own ports, to link-local and metadata services.
#include "support/proxy_under_test.hpp"

#include <catch2/catch.hpp>

using namespace regpass;
using namespace regpass::testing;

namespace {

// Everything is allowed that a configuration can allow.
void open_wide(proxy_under_test& proxy, std::vector<std::uint16_t> ports) {
  proxy.change([&](forward::snapshot& from) {
    from.other_hosts.deny_private_addresses = false;
    from.other_hosts.ports = std::move(ports);
  });
}

}  // namespace

TEST_CASE(
    "T03 loopback, link-local and metadata addresses are refused in every spelling, by CONNECT and in absolute form") {
  proxy_under_test proxy;
  fake_server canary(fake_server::scheme::http);
  open_wide(proxy, {canary.port(), 80});
  const auto port = std::to_string(canary.port());
  const auto [host, status] = GENERATE(table<std::string, int>({
      {"127.0.0.1", 403},
      {"127.0.0.2", 403},
      {"127.255.255.254", 403},
      {"localhost", 403},
      {"LOCALHOST", 403},
      {"localhost.", 403},
      {"0.0.0.0", 403},
      {"[::1]", 403},
      {"[::]", 403},
      {"[::ffff:127.0.0.1]", 403},
      {"[::127.0.0.1]", 403},
      {"[64:ff9b::7f00:1]", 403},
      {"[2002:7f00:1::]", 403},
      {"169.254.169.254", 403},
      {"[::ffff:169.254.169.254]", 403},
      {"[fe80::1]", 403},
      {"[fd00:ec2::254]", 403},
      {"100.100.100.200", 403},
      {"168.63.129.16", 403},
      {"192.0.0.192", 403},
      {"224.0.0.1", 403},
      {"255.255.255.255", 403},
      // Numbers that only some resolvers take for addresses.
      {"127.1", 400},
      {"2130706433", 400},
      {"0x7f000001", 400},
      {"0177.0.0.1", 400},
      {"127.0.0.1%00", 400},
      {"[::1%lo]", 400},
  }));
  const bool by_connect = GENERATE(true, false);
  INFO(host << (by_connect ? " CONNECT" : " absolute"));
  auto client = proxy.client();
  const auto at = host + ":" + port;
  if (!by_connect) client.send("GET http://" + at + "/ HTTP/1.1\r\nHost: " + at + "\r\n\r\n");
  const auto got = by_connect ? client.connect(at) : client.receive();
  CHECK(got.status == status);
  CHECK(got.field("X-Regpass-Cause") == (status == 403 ? "address-refused" : "bad-request"));
  // An address is none that is looked up.
  CHECK((got.reason.find("resolves to") == std::string::npos || host.find_first_of("lL") == 0));
  CHECK(canary.connections() == 0);
}

TEST_CASE("T03 the proxy is no way to itself") {
  proxy_under_test proxy;
  open_wide(proxy, {proxy.port()});
  auto client = proxy.client();
  CHECK(client.connect("127.0.0.1:" + std::to_string(proxy.port())).status == 403);
}

TEST_CASE("T03 a credential file cannot put a registry on loopback, only the configuration can") {
  token_scene scene;
  scene.registry.on("*", "*").body("{}");
  scene.proxy.change([](forward::snapshot& from) {
    for (auto& [host, entry] : from.registries) entry.configured = false;
  });
  auto client = scene.inside();
  const auto got = client.ask("GET", "/v2/team-a/app/manifests/1");
  CHECK(got.status == 403);
  CHECK(got.field("X-Regpass-Cause") == "address-refused");
  CHECK(scene.registry.connections() == 0);
}

TEST_CASE("T03 a token server on a metadata address gets nothing, approved or not") {
  token_scene scene;
  const std::string realm = "https://169.254.169.254/token";
  scene.registry.requirement("Bearer realm=\"" + realm + "\"", [](const std::string&) { return false; });
  scene.proxy.serve(scene.registry, [&](forward::registry_options& options) { options.realms = {realm}; });
  auto client = scene.inside();
  const auto got = client.ask("GET", "/v2/team-a/app/manifests/1");
  CHECK(got.status >= 400);
  CHECK(got.body.find("169.254.169.254") != std::string::npos);
  for (const auto& one : scene.registry.requests()) CHECK(one.authorization().empty());
}

TEST_CASE("T03 a plain registry is not served over TLS nor a TLS registry over plain HTTP") {
  proxy_under_test proxy;
  fake_server plain(fake_server::scheme::http);
  fake_server tls;
  proxy.serve(plain);
  proxy.serve(tls);
  proxy.credential(plain.authority());
  proxy.credential(tls.authority());
  auto first = proxy.client();
  CHECK(first.connect(plain.authority()).status == 403);
  auto second = proxy.client();
  second.send("GET http://" + tls.authority() + "/v2/ HTTP/1.1\r\nHost: " + tls.authority() + "\r\n\r\n");
  const auto got = second.receive();
  CHECK(got.status == 403);
  CHECK(got.reason.find("plain HTTP") != std::string::npos);
  CHECK(plain.connections() == 0);
  CHECK(tls.connections() == 0);
}
