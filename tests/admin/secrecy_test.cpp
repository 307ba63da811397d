// What those who ask regpass about itself may learn and do (T02).
#include "admin/control.hpp"
#include "admin/health.hpp"
#include "regpass/base/text.hpp"
#include "support/proxy_under_test.hpp"
#include "support/run_task.hpp"

#include <boost/json/object.hpp>
#include <catch2/catch.hpp>

using namespace regpass;
using namespace regpass::testing;

namespace {

const std::string manifest = "/v2/team-a/app/manifests/1";

admin::reply ask(const admin::responder& of, const std::string& method, const std::string& path,
                 const std::string& body = "") {
  admin::reply made;
  run_task([&]() -> async::task<void> {
    admin::call asked{method, path, "last=100", {}, body};
    made = co_await of(asked);
  });
  return made;
}

admin::responder health(const forward::metrics& counts) {
  return admin::health_routes([]() -> async::task<bool> { co_return true; },
                              [] { return admin::readiness{true, {{"credentials", "1 usable"}}}; }, counts);
}

}  // namespace

TEST_CASE("T02 no endpoint shows a secret, whatever was served and refused") {
  token_scene scene;
  scene.registry.on("GET", manifest).body("{}");
  const std::string clients_own = "canary-of-the-client";
  scene.proxy.count_as_secret(clients_own);
  auto client = scene.inside();
  CHECK(client.ask("GET", manifest, {{"Authorization", "Bearer " + clients_own}}).status == 200);
  CHECK(client.ask("GET", manifest + "?token=" + clients_own).status != 0);
  CHECK(client.ask("DELETE", manifest, {{"Proxy-Authorization", "Basic " + clients_own}}).status == 403);

  forward::history journal(100);
  forward::metrics counts;
  for (const auto& one : scene.proxy.finished(3)) {
    journal.add(one);
    counts.exchange(one, true);
  }
  const auto control = admin::control_routes({[] { return boost::json::object(); }, [] {}, &journal});
  std::string said;
  for (const auto* path : {"/status", "/history", "/log/level", "/"}) said += ask(control, "GET", path).body;
  for (const auto* path : {"/livez", "/readyz", "/startupz", "/metrics"}) said += ask(health(counts), "GET", path).body;
  CHECK(said.find(manifest) != std::string::npos);
  const auto password = std::string(proxy_under_test::password_canary);
  for (const auto& one :
       {password, base64("alice:" + password), std::string(fake_token_server::token_canary), clients_own}) {
    INFO(one);
    CHECK(said.find(one) == std::string::npos);
  }
}

TEST_CASE("T02 the port of probes and metrics changes nothing, and serves no path of the admin socket") {
  const forward::metrics counts;
  const auto routes = health(counts);
  for (const auto* path : {"/status", "/history", "/log/level", "/reload", "/", "/debug", "/config"}) {
    for (const auto* method : {"GET", "PUT", "POST", "DELETE"}) {
      INFO(method << ' ' << path);
      CHECK(ask(routes, method, path, "debug").status == 404);
    }
  }
  for (const auto* path : {"/livez", "/metrics"}) {
    for (const auto* method : {"PUT", "POST", "DELETE"}) CHECK(ask(routes, method, path).status == 405);
  }
}
