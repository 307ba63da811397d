// Refusals that have no body, and refusals that clients do not print: where else the sentence reaches the user.
#include "support/proxy_under_test.hpp"

#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

using namespace regpass;
using namespace regpass::testing;

namespace {

const std::string tagged = "/v2/team-a/app/manifests/1";
const std::string by_digest = "/v2/team-a/app/manifests/" + digest_of("manifest");
const std::string blob = "/v2/team-a/app/blobs/" + digest_of("layer");

std::string warning_of(const message& answer) {
  const auto all = answer.all("Warning");
  return all.empty() ? "" : std::string(all.back());
}

header_list agent(const std::string& name) {
  return {{"User-Agent", name}};
}

}  // namespace

TEST_CASE("R3c: every refusal has its sentence in a Warning field", "[answer]") {
  open_scene scene;
  scene.registry.on("*", "*")
      .answer(GENERATE(401, 403, 405, 413, 503), "No")
      .body(R"({"errors":[{"code":"DENIED",)"
            R"("message":"a \"b\" \\c"}]})");
  auto client = scene.inside();
  const auto [method, target] = GENERATE(table<std::string, std::string>({
      {"HEAD", tagged},
      {"HEAD", by_digest},
      {"GET", tagged},
      {"PUT", tagged},
      {"POST", "/v2/team-a/app/blobs/uploads/"},
      {"HEAD", blob},
      {"GET", "/v2/"},
  }));
  INFO(method << " " << target);
  const auto got = client.ask(method, target, {}, method == "PUT" ? "{}" : "");
  REQUIRE(got.has("X-Regpass-Id"));
  const auto warning = warning_of(got);
  INFO(warning);
  CHECK(warning.starts_with("299 - \""));
  CHECK(warning.ends_with(" [regpass " + got.field("X-Regpass-Id").value() + "]\""));
  // regctl reads it to the first quotation mark, escaped or not.
  CHECK(std::ranges::count(warning, '"') == 2);
  CHECK(std::ranges::all_of(warning, [](char c) { return c >= ' ' && c <= '~'; }));
}

TEST_CASE("R3c: refusals by policy have it, too, and an answer that is no refusal has none", "[answer]") {
  open_scene scene;
  scene.proxy.serve(scene.registry, [](forward::registry_options& options) { options.policy.push.clear(); });
  scene.registry.on("GET", tagged).answer(404, "Not Found").body("{}");
  auto client = scene.inside();
  CHECK(warning_of(client.ask("POST", "/v2/team-a/app/blobs/uploads/")).find("[regpass ") != std::string::npos);
  CHECK_FALSE(client.ask("GET", tagged).has("Warning"));
}

TEST_CASE("R3c: a refused HEAD of a manifest by digest is 404 to clients that then send what they can explain",
          "[answer]") {
  open_scene scene;
  const auto refused = GENERATE(401, 403, 503);
  scene.registry.on("*", "*").answer(refused, "No").body("{}");
  const auto [name, sent] = GENERATE(table<std::string, int>({
      {"Helm/3.22.0", 404},
      {"oras/1.3.6", 404},
      {"oras-go", 404},
      {"crane/v0.21.7 go-containerregistry/v0.21.7", 404},
      {"cosign/v2.6.5 (linux; amd64) go-containerregistry/v0.20.7", 404},
      {"containerd/2.4.2", 0},
      {"buildkit/v0.34", 0},
      {"regclient/regctl (v0.11.7)", 0},
      {"docker/20.10.24", 0},
      {"", 0},
  }));
  const int shown = refused == 401 ? 403 : refused;
  INFO(name << ", " << refused);
  auto client = scene.inside();
  const auto digest = client.ask("HEAD", by_digest, agent(name));
  CHECK(digest.status == (sent ? sent : shown));
  CHECK(digest.has("X-Regpass-Cause"));
  CHECK(warning_of(digest).find("[regpass ") != std::string::npos);
  // `oras manifest delete --force` would call a tag missing.
  CHECK(client.ask("HEAD", tagged, agent(name)).status == shown);
  CHECK(client.ask("GET", by_digest, agent(name)).status == shown);
  const auto upload = client.ask("POST", "/v2/team-a/app/blobs/uploads/", agent(name));
  CHECK(upload.status == shown);
  CHECK(upload.reason.find("[regpass ") != std::string::npos);
}

TEST_CASE("R3c: a token server that is down reaches a client that asks for a manifest by its digest first",
          "[answer]") {
  token_scene scene;
  scene.tokens.server().on("GET", "/token").answer(503, "Later").body("{}");
  auto client = scene.inside();
  CHECK(client.ask("HEAD", by_digest, agent("Helm/3.22.0")).status == 404);
  const auto upload = client.ask("POST", "/v2/team-a/app/blobs/uploads/", agent("Helm/3.22.0"));
  CHECK(upload.status == 503);
  CHECK(upload.body.find("[regpass ") != std::string::npos);
}

TEST_CASE("E4: only refusals are postponed: a ping that says no registry is here is passed on", "[answer]") {
  open_scene scene;
  const auto status = GENERATE(400, 404, 405, 410, 421);
  const std::string body = "<html><head><title>404 Not Found</title></head><body>wiki</body></html>";
  scene.registry.on("*", "*").answer(status, "No").header("Content-Type", "text/html").body(body);
  auto client = scene.inside();
  for (const auto* target : {"/v2/", "/v2"}) {
    for (const auto* method : {"GET", "HEAD"}) {
      INFO(method << " " << target << " " << status);
      CHECK(client.ask(method, target).status == status);
    }
  }
  CHECK(client.ask("HEAD", blob).status == status);
  CHECK(client.ask("HEAD", by_digest, agent("Helm/3.22.0")).status == status);
}

TEST_CASE("E4: go-containerregistry prints what a failing ping says, and nothing of a HEAD by tag that follows it",
          "[answer]") {
  open_scene scene;
  scene.registry.on("*", "*").answer(503, "Later").body("{}");
  auto client = scene.inside();
  const auto ggcr = client.ask("GET", "/v2/", agent("crane/v0.21.7 go-containerregistry/v0.21.7"));
  CHECK(ggcr.status == 503);
  CHECK(ggcr.body.find("[regpass ") != std::string::npos);
  CHECK(client.ask("GET", "/v2/", agent("skopeo/1.9.3")).status == 200);
}
