// What a client reads when something is refused, by us or by the registry (rule 18; T01, T27).
#include "support/proxy_under_test.hpp"

#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

using namespace regpass;
using namespace regpass::testing;

namespace {

const std::string manifest = "/v2/team-a/app/manifests/1";
const std::string blob = "/v2/team-a/app/blobs/" + digest_of("layer");
const std::string uploads = "/v2/team-a/app/blobs/uploads/";

std::string first_message(const message& answer) {
  const auto body = boost::json::parse(answer.body);
  return std::string(body.at("errors").as_array().at(0).at("message").as_string());
}

std::string first_code(const message& answer) {
  return std::string(boost::json::parse(answer.body).at("errors").as_array().at(0).at("code").as_string());
}

void allow(open_scene& scene, auth::policy policy) {
  scene.proxy.serve(scene.registry, [&](forward::registry_options& options) { options.policy = std::move(policy); });
}

}  // namespace

TEST_CASE("T01 what policy does not allow is 403 with the line that would allow it, and goes nowhere") {
  open_scene scene;
  allow(scene, {.pull = {"team-a/*"}, .push = {"team-a/lib"}, .remove = {}, .catalog = false});
  const auto [method, target, line] = GENERATE(table<std::string, std::string, std::string>({
      {"POST", uploads, R"(push = ["team-a/app"])"},
      {"POST", uploads + "?mount=" + digest_of("x") + "&from=team-a/lib", R"(push = ["team-a/app"])"},
      {"PATCH", uploads + "state", R"(push = ["team-a/app"])"},
      {"PUT", uploads + "state?digest=" + digest_of("x"), R"(push = ["team-a/app"])"},
      {"DELETE", uploads + "state", R"(push = ["team-a/app"])"},
      {"PUT", manifest, R"(push = ["team-a/app"])"},
      {"DELETE", manifest, R"(delete = ["team-a/app"])"},
      {"DELETE", blob, R"(delete = ["team-a/app"])"},
      {"GET", "/v2/team-b/app/manifests/1", R"(pull = ["team-b/app"])"},
      {"HEAD", "/v2/team-b/app/manifests/1", R"(pull = ["team-b/app"])"},
      {"GET", "/v2/team-b/app/tags/list", R"(pull = ["team-b/app"])"},
      {"GET", "/v2/_catalog", "catalog = true"},
  }));
  INFO(method << " " << target);
  scene.registry.on("GET", manifest).body("{}");
  auto client = scene.inside();
  const auto got = client.ask(method, target, {}, method == "PATCH" || method == "PUT" ? "layer" : "");
  CHECK(got.status == 403);
  CHECK(got.field("X-Regpass-Cause") == "policy-refused");
  CHECK(got.reason.find(line) != std::string::npos);
  if (method != "HEAD") CHECK(first_message(got) == got.reason);
  if (method != "HEAD") CHECK(first_code(got) == "DENIED");
  CHECK(scene.registry.connections() == 0);
  CHECK(client.ask("GET", manifest).status == 200);
}

TEST_CASE("T01 policy holds for plain HTTP in absolute form, too") {
  fake_server registry(fake_server::scheme::http);
  proxy_under_test proxy;
  proxy.serve(registry, [](forward::registry_options& options) { options.policy.push.clear(); });
  auto client = proxy.client();
  client.send("POST " + registry.url(uploads) + " HTTP/1.1\r\nHost: " + registry.authority() +
              "\r\nContent-Length: 0\r\n\r\n");
  CHECK(client.receive("POST").status == 403);
  CHECK(registry.connections() == 0);
}

TEST_CASE("A refusal's id leads to its line in the log, with cause and remedy") {
  open_scene scene;
  allow(scene, {});
  auto client = scene.inside();
  const auto got = client.ask("POST", uploads);
  const auto id = got.field("X-Regpass-Id").value();
  CHECK(got.reason.ends_with("[regpass " + id + "]"));
  const auto done = scene.proxy.finished();
  REQUIRE(done.size() == 1);
  CHECK(done[0].evidence.id == id);
  const auto lines = scene.proxy.log_lines("exchange");
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].at("id").as_string() == id);
  CHECK(lines[0].at("level").as_string() == "warn");
  CHECK(lines[0].at("explanation").at("cause").as_string() == "policy-refused");
  CHECK_FALSE(lines[0].at("explanation").at("fix").as_array().empty());
}

TEST_CASE("T27 a hostile registry's words reach a status line as one line of printable ASCII, and JSON as JSON") {
  open_scene scene;
  scene.registry.on("GET", manifest)
      .answer(403, "x")
      .header("Content-Type", "application/json")
      .body(R"({"errors":[{"code":"DENIED","message":"a\r\nSet-Cookie: x=1\r\n\r\n\u001b[31mred\u202e)" +
            std::string(5000, 'z') + R"("}]})");
  auto client = scene.inside();
  const auto got = client.ask("GET", manifest);
  CHECK(got.status == 403);
  CHECK_FALSE(got.has("Set-Cookie"));
  CHECK(got.reason.size() <= 200);
  CHECK(std::ranges::all_of(got.reason, [](char c) { return c >= ' ' && c <= '~'; }));
  CHECK(first_message(got).size() < 6000);
  CHECK(client.ask("GET", manifest).status == 403);
}

TEST_CASE("A registry's refusal is explained in its place, its own words included") {
  token_scene scene;
  scene.registry.on("*", "*")
      .answer(403, "Forbidden")
      .header("Docker-Distribution-Api-Version", "registry/2.0")
      .header("Content-Type", "application/json")
      .body(R"({"errors":[{"code":"DENIED","message":"the quota of team-a is used up"}]})");
  auto client = scene.inside();
  const auto got = client.ask("PUT", manifest, {}, "{}");
  CHECK(got.status == 403);
  CHECK(got.has("X-Regpass-Cause"));
  CHECK(got.field("Docker-Distribution-Api-Version") == "registry/2.0");
  CHECK(got.reason.find("quota") != std::string::npos);
  CHECK(first_message(got) == got.reason);
}

TEST_CASE("Retry-After of a registry that is busy is kept") {
  open_scene scene;
  const auto status = GENERATE(429, 503);
  scene.registry.on("GET", manifest).answer(status, "Later").header("Retry-After", "17").body("{}");
  auto client = scene.inside();
  const auto got = client.ask("GET", manifest);
  CHECK(got.status == status);
  CHECK(got.has("X-Regpass-Cause"));
  CHECK(got.field("Retry-After") == "17");
}

TEST_CASE("What is not there is no refusal: a registry's 404 passes as it is") {
  open_scene scene;
  const std::string body = R"({"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]})";
  scene.registry.on("GET", manifest).answer(404, "Not Found").header("X-Own", "1").body(body);
  auto client = scene.inside();
  const auto got = client.ask("GET", manifest);
  CHECK(got.status == 404);
  CHECK(got.reason == "Not Found");
  CHECK(got.body == body);
  CHECK(got.field("X-Own") == "1");
  CHECK_FALSE(got.has("X-Regpass-Cause"));
}

TEST_CASE("Refusals that a client could not show are put off to its next request") {
  open_scene scene;
  scene.registry.on("*", "*").answer(GENERATE(401, 403, 429, 500), "No").body("{}");
  const auto [method, target, status] = GENERATE(table<std::string, std::string, int>({
      {"GET", "/v2/", 200},
      {"HEAD", "/v2/", 200},
      {"HEAD", blob, 404},
  }));
  INFO(method << " " << target);
  auto client = scene.inside();
  const auto got = client.ask(method, target);
  CHECK(got.status == status);
  CHECK(got.has("X-Regpass-Cause"));
  CHECK(got.body == (method == "GET" ? "{}" : ""));
  CHECK_FALSE(client.readable(std::chrono::milliseconds{20}));
  CHECK(client.ask("GET", manifest).status >= 403);
  const auto lines = (scene.proxy.finished(2), scene.proxy.log_lines("exchange"));
  CHECK(lines[0].at("sent_status").to_number<int>() == status);
  CHECK(lines[0].at("status").to_number<int>() >= 403);
}

TEST_CASE("A refusal by policy of a blob's HEAD is put off, one of a manifest's HEAD is shown") {
  open_scene scene;
  allow(scene, {.pull = {}, .push = {}, .remove = {}, .catalog = false});
  auto client = scene.inside();
  CHECK(client.ask("HEAD", blob).status == 404);
  const auto got = client.ask("HEAD", manifest);
  CHECK(got.status == 403);
  CHECK(got.reason.find("team-a/app") != std::string::npos);
}

TEST_CASE("Without annotation a registry's refusal passes as it is, and ours says no more than where to look") {
  open_scene scene;
  scene.proxy.change([](forward::snapshot& from) { from.annotate = false; });
  scene.registry.on("GET", "/v2/").answer(403, "Own Words").body("own body");
  scene.registry.on("GET", manifest).answer(401, "Own Words").header("WWW-Authenticate", "Negotiate").body("own body");
  auto client = scene.inside();
  const auto ping = client.ask("GET", "/v2/");
  CHECK(ping.status == 403);
  CHECK(ping.reason == "Own Words");
  CHECK(ping.body == "own body");
  const auto refused = client.ask("GET", manifest);
  CHECK(refused.status == 403);
  CHECK_FALSE(refused.has("WWW-Authenticate"));
  CHECK_FALSE(refused.has("X-Regpass-Cause"));
  CHECK(first_message(refused).find("log of regpass") != std::string::npos);
  for (const auto& one : scene.proxy.finished(2)) CHECK(one.explanation.has_value());
}

TEST_CASE("A refused CONNECT says why in its status line") {
  proxy_under_test proxy;
  auto client = proxy.client();
  const auto got = client.connect("evil.test:22");
  CHECK(got.status == 403);
  CHECK(got.reason.find("port 22 of evil.test") != std::string::npos);
  CHECK(got.field("X-Regpass-Cause") == "policy-refused");
  const auto lines = (proxy.finished(), proxy.log_lines("policy-refused"));
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].at("id").as_string() == got.field("X-Regpass-Id").value());
}
