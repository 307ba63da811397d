// What `regpass explain` reads out of the log is what was said live, whichever event the line is of.
#include "diagnosis/record/log_reader.hpp"
#include "support/proxy_under_test.hpp"
#include "support/tls_pair.hpp"

#include <boost/json/serialize.hpp>
#include <catch2/catch.hpp>

#include <algorithm>
#include <string>
#include <vector>

using namespace regpass;
using namespace regpass::testing;

namespace {

const std::string manifest = "/v2/team-a/app/manifests/1";

std::vector<std::string> verdicts(const proxy_under_test& proxy) {
  std::vector<std::string> all;
  for (const auto& one : proxy.finished()) {
    all.push_back(one.explanation ? boost::json::serialize(diagnosis::to_json(*one.explanation)) : "fine");
  }
  return all;
}

std::vector<std::string> verdicts_offline(const std::vector<boost::json::object>& lines) {
  std::vector<std::string> all;
  diagnosis::log_reader reader([&](const diagnosis::evidence& seen) {
    const auto found = diagnosis::diagnose(seen);
    all.push_back(found ? boost::json::serialize(diagnosis::to_json(*found)) : "fine");
  });
  for (const auto& line : lines) reader.feed(boost::json::serialize(line) + "\n");
  reader.finish();
  return all;
}

// The log has one line of the event, and it is judged as the exchange was.
void check_same(proxy_under_test& proxy, const std::string& event) {
  const auto live = verdicts(proxy);
  REQUIRE(live.size() == 1);
  const auto lines = proxy.log_lines();
  CHECK(std::ranges::count_if(lines, [&](const auto& line) { return line.at("event").as_string() == event; }) == 1);
  CHECK(verdicts_offline(lines) == live);
}

}  // namespace

TEST_CASE("E6: a refusal by policy is explained from its line") {
  proxy_under_test proxy;
  auto client = proxy.client();
  CHECK(client.connect("registry.invalid:5443").status == 403);
  check_same(proxy, "policy-refused");
}

TEST_CASE("E6: a tunnel that was not made is explained from its line") {
  proxy_under_test proxy;
  auto client = proxy.client();
  const std::string authority = GENERATE("registry.invalid:443", "10.255.255.1:443");
  CHECK(client.connect(authority).status >= 403);
  check_same(proxy, "tunnel");
}

TEST_CASE("E6: a client that does not trust the CA is explained from its line") {
  open_scene scene;
  auto client = scene.proxy.client();
  CHECK(client.connect(scene.registry.authority()).status == 200);
  const auto stranger = test_ca::make("Another CA");
  CHECK_FALSE(client.on().secure_as_client(client_side(stranger.certificate()), {.name = "127.0.0.1"}));
  check_same(scene.proxy, "client-rejected");
  CHECK(verdicts(scene.proxy).front().find("client-distrusts-ca") != std::string::npos);
}

TEST_CASE("E6: a request that cannot be read is explained from its line") {
  proxy_under_test proxy;
  auto client = proxy.client();
  client.send("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n");
  CHECK(client.receive().status == 400);
  check_same(proxy, "client-rejected");
}

TEST_CASE("E6: a HEAD of what is not there is no failure, live and offline") {
  open_scene scene;
  scene.registry.on("HEAD", manifest).answer(404);
  scene.registry.on("GET", manifest).answer(404).body("{}");
  const std::string method = GENERATE("HEAD", "GET");
  CHECK(scene.inside().ask(method, manifest).status == 404);
  check_same(scene.proxy, "exchange");
  CHECK(verdicts(scene.proxy) == std::vector<std::string>{"fine"});
}

TEST_CASE("E6: successes of every kind are none offline either") {
  open_scene scene;
  const auto status = GENERATE(200, 202, 206, 304, 307, 308);
  const std::string method = GENERATE("GET", "POST", "HEAD");
  auto& answer = scene.registry.on("*", "*").answer(status);
  if (status >= 307) answer.header("Location", scene.registry.url("/v2/elsewhere"));
  const std::string path = method == "POST" ? "/v2/team-a/app/blobs/uploads/" : manifest;
  CHECK(scene.inside().ask(method, path).status == status);
  check_same(scene.proxy, "exchange");
}

TEST_CASE("E6: a failure with a handshake is the same from its line") {
  token_scene scene;
  scene.tokens.grants("repository:team-a/app:pull");
  scene.registry.on("POST", "/v2/*").answer(403).body(R"({"errors":[{"code":"DENIED","message":"no"}]})");
  CHECK(scene.inside().ask("POST", "/v2/team-a/app/blobs/uploads/").status == 403);
  const auto live = verdicts(scene.proxy);
  CHECK(verdicts_offline(scene.proxy.log_lines()) == live);
}
