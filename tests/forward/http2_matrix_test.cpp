// Every mix of HTTP/1.1 and HTTP/2 on the two sides carries the same exchanges.
#include "support/h2_raw_client.hpp"
#include "support/proxy_under_test.hpp"

#include <catch2/catch.hpp>

#include <optional>
#include <string>
#include <type_traits>

using namespace regpass;
using namespace regpass::testing;

namespace {

const std::string manifest = "/v2/team-a/app/manifests/1";
const std::string blob = "/v2/team-a/app/blobs/sha256:" + std::string(64, 'a');
const std::string upload = "/v2/team-a/app/blobs/uploads/1";

struct mix {
  bool client_h2;
  bool registry_h2;
};

// One of the two clients, behind the same words.
class anyone {
 public:
  anyone(const proxy_under_test& proxy, const std::string& authority, bool http2) : authority_(authority) {
    if (http2) {
      h2_.emplace(proxy.port(), authority);
    } else {
      h1_.emplace(proxy.inside(authority));
    }
  }

  message ask(std::string_view method, std::string_view target, std::optional<std::string> body = std::nullopt,
              bool counted = true) {
    if (h2_) return h2_->receive(h2_->send(method, target, {}, std::move(body), counted));
    if (!body || counted) return h1_->ask(method, target, {}, body.value_or(""));
    char size[32];
    std::snprintf(size, sizeof size, "%zx\r\n", body->size());
    h1_->send(std::string(method) + " " + std::string(target) + " HTTP/1.1\r\nHost: " + authority_ +
              "\r\nTransfer-Encoding: chunked\r\n\r\n" + size + *body + "\r\n0\r\n\r\n");
    return h1_->receive(method);
  }

 private:
  std::string authority_;
  std::optional<raw_client> h1_;
  std::optional<h2_raw_client> h2_;
};

template <class Scene>
struct mixed : Scene {
  explicit mixed(const mix& how)
      : version(how.registry_h2 ? "2" : "1.1"), client_version(how.client_h2 ? "2" : "1.1"), http2(how.client_h2) {
    if (how.registry_h2) this->registry.speak_h2();
    // The content of blobs, too; the other scene has none.
    if constexpr (std::is_same_v<Scene, open_scene>) {
      this->proxy.serve(this->registry, [](auto& options) { options.http2 = forward::http2_use::always; });
    }
  }
  anyone client() { return anyone(this->proxy, this->registry.authority(), http2); }
  // The log's `http` field of the exchange that ended last.
  void check_versions() {
    this->proxy.finished();
    const auto lines = this->proxy.log_lines("exchange");
    REQUIRE_FALSE(lines.empty());
    const auto& http = lines.back().at("http").as_object();
    CHECK(http.at("client").as_string() == client_version);
    CHECK(http.at("upstream").as_string() == version);
  }
  std::string version;
  std::string client_version;
  bool http2;
};

mix any_mix() {
  return GENERATE(values<mix>({{false, false}, {false, true}, {true, false}, {true, true}}));
}

}  // namespace

TEST_CASE("Any mix of versions: GET and HEAD") {
  mixed<open_scene> scene(any_mix());
  scene.registry.on("GET", blob).stream(3'000'000).header("Docker-Content-Digest", "sha256:x");
  scene.registry.on("HEAD", blob).body("layer").header("Docker-Content-Digest", "sha256:x");
  auto client = scene.client();
  const auto got = client.ask("GET", blob);
  CHECK(got.status == 200);
  CHECK(got.complete);
  CHECK(got.sha256 == sha256_of_pattern(3'000'000));
  CHECK(got.field("Content-Length") == "3000000");
  CHECK(got.field("Docker-Content-Digest") == "sha256:x");
  const auto head = client.ask("HEAD", blob);
  CHECK(head.status == 200);
  CHECK(head.field("Content-Length") == "5");
  CHECK(head.body_size == 0);
  scene.check_versions();
  CHECK(scene.registry.requests("GET", blob).front().field("Host") == scene.registry.authority());
}

TEST_CASE("Any mix of versions: uploads of counted and of unknown length") {
  mixed<open_scene> scene(any_mix());
  scene.registry.on("PUT", upload).answer(201, "Created").header("Location", blob);
  scene.registry.on("PATCH", upload).answer(202, "Accepted");
  auto client = scene.client();
  const auto layer = pattern(0, 2'500'000);
  CHECK(client.ask("PUT", upload, layer).status == 201);
  CHECK(client.ask("PATCH", upload, layer, false).status == 202);
  CHECK(client.ask("PUT", upload, "").status == 201);
  const auto seen = scene.registry.requests("*", upload);
  REQUIRE(seen.size() == 3);
  CHECK(seen[0].field("Content-Length") == "2500000");
  CHECK_FALSE(seen[1].has("Content-Length"));
  for (int i = 0; i < 2; ++i) CHECK(seen[static_cast<std::size_t>(i)].sha256 == sha256_of_pattern(2'500'000));
  CHECK(seen[2].body_size == 0);
}

TEST_CASE("Any mix of versions: an answer of unknown length, and one without a body") {
  mixed<open_scene> scene(any_mix());
  scene.registry.on("GET", manifest).body("{}").chunked();
  scene.registry.on("DELETE", manifest).answer(204, "No Content");
  scene.proxy.serve(scene.registry, [](auto& options) {
    options.http2 = forward::http2_use::always;
    options.policy.remove = {"*"};
  });
  auto client = scene.client();
  const auto got = client.ask("GET", manifest);
  CHECK(got.complete);
  CHECK(got.body == "{}");
  CHECK_FALSE(got.has("Content-Length"));
  CHECK(client.ask("DELETE", manifest).status == 204);
}

TEST_CASE("Any mix of versions: a challenge, a token, and the request again") {
  mixed<token_scene> scene(any_mix());
  scene.registry.on("GET", manifest).body("{}");
  scene.registry.on("POST", "/v2/team-a/app/blobs/uploads/").answer(202, "Accepted").header("Location", upload);
  auto client = scene.client();
  CHECK(client.ask("GET", manifest).body == "{}");
  CHECK(client.ask("POST", "/v2/team-a/app/blobs/uploads/", "").status == 202);
  const auto seen = scene.registry.requests("GET", manifest);
  REQUIRE_FALSE(seen.empty());
  CHECK(seen.back().authorization().starts_with("Bearer "));
  scene.check_versions();
}

TEST_CASE("Any mix of versions: an answer that comes before the upload's end") {
  mixed<open_scene> scene(any_mix());
  scene.registry.on("PUT", upload).answer(413, "Too Large").body("{}").early();
  auto client = scene.client();
  CHECK(client.ask("PUT", upload, pattern(0, 1'000'000)).status == 413);
  CHECK(holds_soon([&] { return scene.proxy.busy() == 0; }));
}

TEST_CASE("Any mix of versions: an answer that is cut off never ends cleanly") {
  mixed<open_scene> scene(any_mix());
  scene.registry.on("GET", blob).stream(1'000'000).cut_after(300'000);
  auto client = scene.client();
  const auto got = client.ask("GET", blob);
  CHECK(got.status == 200);
  CHECK_FALSE(got.complete);
  CHECK(got.body_size <= 300'000);
  CHECK(holds_soon([&] { return scene.proxy.busy() == 0; }));
}

TEST_CASE("Any mix of versions: a registry that refuses without an answer is 503 for an upload") {
  mixed<open_scene> scene(any_mix());
  scene.registry.on("PUT", upload).cut();
  auto client = scene.client();
  CHECK(client.ask("PUT", upload, "layer").status == 503);
}
