// What a client may not tell a registry beside a credential of ours.
#include "regpass/http/hop.hpp"
#include "support/h2_raw_client.hpp"
#include "support/proxy_under_test.hpp"

#include <catch2/catch.hpp>

using namespace regpass;
using namespace regpass::testing;

namespace {

const std::string manifest = "/v2/team-a/app/manifests/1";

const header_list claims{{"X-HTTP-Method-Override", "DELETE"},
                         {"X-Method-Override", "DELETE"},
                         {"X-HTTP-Method", "DELETE"},
                         {"x_http_method_override", "DELETE"},
                         {"X-Original-URL", "/v2/team-b/app/manifests/1"},
                         {"X-Original-Method", "DELETE"},
                         {"X-Original-Host", "evil.test"},
                         {"X-Rewrite-URL", "/v2/team-b/app/manifests/1"},
                         {"X-Envoy-Original-Path", "/v2/team-b/app/manifests/1"},
                         {"X-JFrog-Override-Base-Url", "http://evil.test"},
                         {"X-Artifactory-Override-Base-Url", "http://evil.test"},
                         {"X-Forwarded-Prefix", "/evil"},
                         {"X-Forwarded-Server", "evil.test"},
                         {"X-Forwarded-User", "admin"},
                         {"X_Forwarded_Host", "evil.test"},
                         {"X-Host", "evil.test"},
                         {"X-Remote-User", "admin"},
                         {"X-WebAuth-User", "admin"},
                         {"X-Request-Method", "DELETE"},
                         {"X-Http-Verb", "DELETE"},
                         {"X-Backend-Host", "evil.test"},
                         {"X-Upstream-Url", "http://evil.test"},
                         {"X-JFrog-Art-Api", "key"},
                         {"Private-Token", "key"},
                         {"Impersonate-User", "admin"},
                         {"X-Goog-Authenticated-User-Email", "admin"},
                         {"X-Appengine-Client-IP", "10.0.0.1"},
                         {"True-Client-IP", "10.0.0.1"}};

}  // namespace

TEST_CASE("X4: what would change the request behind our back does not go with our credential", "[claims]") {
  token_scene scene;
  scene.registry.on("GET", manifest).body("{}");
  const bool mirrored = GENERATE(false, true);
  if (mirrored) scene.proxy.mirror(scene.registry.authority());
  auto client = mirrored ? scene.proxy.at_mirror() : scene.inside();
  auto sent = claims;
  sent.emplace_back("X-Request-Id", "7");
  sent.emplace_back("X-Meta-Source-Client", "skopeo");
  CHECK(client.ask("GET", manifest, sent).status == 200);
  const auto asked = scene.registry.requests("GET", manifest);
  REQUIRE_FALSE(asked.empty());
  CHECK(asked.back().authorization().starts_with("Bearer "));
  for (const auto& request : asked) {
    for (const auto& [name, value] : claims) {
      INFO(name);
      CHECK_FALSE(request.has(name));
    }
    CHECK(request.field("X-Request-Id") == "7");
    CHECK(request.field("X-Meta-Source-Client") == "skopeo");
  }
}

TEST_CASE("X4: a query that names another method is refused", "[claims]") {
  token_scene scene;
  const auto query =
      GENERATE("?_method=DELETE", "?n=1&_method=delete", "?%5Fmethod=DELETE", "?X-HTTP-Method-Override=PUT", "?_METHOD",
               "?+_method=PUT", "?%20_method=PUT", "?_method%00=PUT", "?_http_method=PUT");
  auto client = scene.inside();
  CHECK(client.ask("POST", std::string("/v2/team-a/app/blobs/uploads/") + query).status == 400);
  CHECK(scene.registry.requests().empty());
}

TEST_CASE("X4: where no credential of ours goes along, the client's fields do", "[claims]") {
  fake_server other(fake_server::scheme::http);
  proxy_under_test proxy;
  proxy.serve(other, [](forward::registry_options& options) { options.injection = auth::injection::observe; });
  other.on("GET", manifest).body("{}");
  auto client = proxy.client();
  client.address(other.authority());
  CHECK(client.ask("GET", other.url(manifest), {{"X-HTTP-Method-Override", "PATCH"}}).status == 200);
  CHECK(other.requests("GET", manifest).back().field("X-HTTP-Method-Override") == "PATCH");
}

TEST_CASE("X5: of trailers only those go on that no head must have", "[claims]") {
  http::fields given;
  for (const auto* name :
       {"Upgrade", "Cookie", "X-Forwarded-For", "Set-Cookie", "Proxy-Authorization", "Cache-Control",
        "X-HTTP-Method-Override", "Location", "Docker-Content-Digest", "Range", "Host", "X-Unknown"}) {
    given.add(name, "1");
  }
  CHECK(http::allowed_trailers(given).empty());
  for (const auto* name : {"Content-Digest", "digest", "Server-Timing", "X-Amz-Checksum-Sha256", "grpc-status"}) {
    given.add(name, "1");
  }
  CHECK(http::allowed_trailers(given).size() == 5);
}

TEST_CASE("X5: an upload's trailers reach the registry by that list, and the answer's the client", "[claims]") {
  open_scene scene;
  scene.registry.speak_h2();
  scene.proxy.serve(scene.registry, [](auto& options) { options.http2 = forward::http2_use::always; });
  const std::string upload = "/v2/team-a/app/blobs/uploads/1";
  scene.registry.on("PUT", upload)
      .answer(201)
      .body("ok")
      .chunked()
      .trailer("Cookie", "a=1")
      .trailer("X-Forwarded-For", "b")
      .trailer("Digest", "c");
  h2_raw_client client(scene.proxy.port(), scene.registry.authority());
  const header_list trailers{{"Cookie", "a=1"},
                             {"X-Forwarded-For", "10.0.0.1"},
                             {"X-Method-Override", "DELETE"},
                             {"Content-Digest", "sha-256=:x:"}};
  const auto got = client.receive(client.send("PUT", upload, {}, "layer", false, trailers));
  CHECK(got.status == 201);
  CHECK(got.trailers == header_list{{"digest", "c"}});
  const auto received = scene.registry.requests("PUT", upload).front();
  CHECK(received.field("trailer-content-digest") == "sha-256=:x:");
  for (const auto* name : {"trailer-cookie", "trailer-x-forwarded-for", "trailer-x-method-override"}) {
    INFO(name);
    CHECK_FALSE(received.has(name));
  }
}
