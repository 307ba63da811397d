// A login that the upstream proxy refuses.
#include "net/login_guard.hpp"
#include "regpass/base/text.hpp"
#include "support/fake_proxy.hpp"
#include "support/proxy_under_test.hpp"
#include "support/tls_pair.hpp"

#include <catch2/catch.hpp>

using namespace regpass;
using namespace regpass::testing;
using namespace std::chrono_literals;

namespace {

void go_by(proxy_under_test& proxy, const std::string& url) {
  auto way = std::make_shared<net::upstream_proxy>();
  way->proxy = value_of(http::parse_proxy(url));
  proxy.change([&](forward::snapshot& from) { from.upstream_proxy = way; });
}

error refusal() {
  return error{.code = errc::refused,
               .who = party::proxy,
               .when = phase::connect,
               .detail = "the proxy p:1 answered \"407 no\"",
               .os = 0,
               .answer_started = false};
}

}  // namespace

TEST_CASE("A8: a login that the upstream proxy refused is not tried again with every request", "[proxy-login]") {
  fake_server registry;
  fake_proxy corp;
  proxy_under_test proxy;
  corp.knows("registry.test:443", registry.port());
  corp.knows("other.test:443", registry.port());
  corp.requirement("builder:right");
  registry.on("*", "*").body("{}");
  proxy.serve("registry.test:443", true);
  go_by(proxy, corp.url("builder:wrong-password"));
  for (int i = 0; i < 5; ++i) {
    auto client = proxy.inside("registry.test:443");
    const auto got = client.ask("GET", "/v2/team-a/app/manifests/1");
    CHECK(got.status == 503);
    CHECK(got.reason.find("407") != std::string::npos);
  }
  auto tunnel = proxy.client();
  tunnel.send("CONNECT other.test:443 HTTP/1.1\r\nHost: other.test:443\r\n\r\n");
  CHECK(tunnel.receive("CONNECT").status == 503);
  CHECK(corp.requests().size() == 1);
  const auto outcomes = proxy.finished(6);
  const auto& told = outcomes.at(1);
  REQUIRE(told.explanation);
  CHECK(told.explanation->cause == "upstream-proxy");

  // A reload makes another way out.
  go_by(proxy, corp.url("builder:right"));
  auto client = proxy.inside("registry.test:443");
  CHECK(client.ask("GET", "/v2/team-a/app/manifests/1").status == 200);
}

TEST_CASE("A8: many requests at once try a login once", "[proxy-login]") {
  fake_proxy corp;
  proxy_under_test proxy;
  corp.requirement("builder:right");
  // Over HTTP/2 they would wait for one connection anyway.
  proxy.serve("registry.test:443", true, [](auto& options) { options.http2 = forward::http2_use::off; });
  go_by(proxy, corp.url("builder:wrong-password"));
  std::vector<raw_client> clients;
  for (int i = 0; i < 10; ++i) clients.push_back(proxy.inside("registry.test:443"));
  for (auto& one : clients) one.request("GET", "/v2/team-a/app/manifests/1");
  for (auto& one : clients) CHECK(one.receive().status == 503);
  CHECK(corp.requests().size() == 1);
}

TEST_CASE("A8: how long a refused login is left alone has a bound, and an accepted one is never waited for",
          "[proxy-login]") {
  using decision = net::login_guard::decision;
  net::login_guard guard;
  error why;
  auto at = steady_time() + 1h;
  CHECK(guard.enter(at, why) == decision::proceed);
  CHECK(guard.enter(at, why) == decision::wait);
  guard.unknown();
  for (const auto span : {10s, 20s, 40s, 60s, 60s, 60s}) {
    CHECK(guard.enter(at, why) == decision::proceed);
    guard.refused(refusal(), at);
    CHECK(guard.enter(at + span - 1ms, why) == decision::give_up);
    CHECK(why.who == party::proxy);
    CHECK(why.detail.find("not tried again for 1 s") != std::string::npos);
    at += span;
  }
  CHECK(guard.enter(at, why) == decision::proceed);
  guard.accepted();
  CHECK(guard.enter(at, why) == decision::proceed);
  CHECK(guard.enter(at, why) == decision::proceed);
}
