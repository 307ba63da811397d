// Build steps that use the builder's password: BuildKit's exec proxy sends their requests through the proxy in the
// daemon's own variables (T01).
#include "forward/session/step_detector.hpp"

#include "regpass/base/text.hpp"
#include "support/h2_raw_client.hpp"
#include "support/proxy_under_test.hpp"

#include <catch2/catch.hpp>

using namespace regpass;
using namespace regpass::testing;

namespace {

const std::string manifest = "/v2/team-a/app/manifests/hidden";
const std::string password = "canary-client-password";
const std::string go_agent = "Go-http-client/1.1";
const std::vector<std::string> both{"h2", "http/1.1"};

struct shared_password_scene : token_scene {
  shared_password_scene() {
    proxy.change([](forward::snapshot& from) { from.client_password = std::make_shared<const secret>(password); });
    proxy.count_as_secret(password);
    for (const auto* method : {"GET", "HEAD", "PUT", "POST"}) registry.on(method, "/v2/team-a/*").body("{}");
    registry.on("GET", "/v2/").body("{}");
    registry.on("GET", "/files/*").body("a file");
  }
  void serve_in_clear() {
    proxy.serve(registry, [&](forward::registry_options& options) {
      options.realms = {tokens.realm()};
      options.upgrade_plain_http = true;
    });
  }
  std::string shown() const { return "Basic " + base64(user + ":" + password); }
  std::string user = "anyone";
  // TLS in a CONNECT with the password, as a program with this User-Agent opens it.
  raw_client open(const std::vector<std::string>& alpn, const std::string& agent = go_agent) const {
    const auto authority = registry.authority();
    auto client = proxy.client();
    client.address(authority);
    client.send("CONNECT " + authority + " HTTP/1.1\r\nHost: " + authority + "\r\n" +
                (agent.empty() ? "" : "User-Agent: " + agent + "\r\n") + "Proxy-Authorization: " + shown() +
                "\r\n\r\n");
    REQUIRE(client.receive_head("CONNECT").status == 200);
    REQUIRE(client.secure({.name = "127.0.0.1", .sni = {}, .alpn = alpn}));
    return client;
  }
  h2_raw_client open_h2(const std::string& agent = go_agent) const {
    auto below = open(both, agent);
    REQUIRE(below.alpn() == "h2");
    return h2_raw_client(std::move(below), registry.authority());
  }
  // A request of the daemon itself, which says that the password is BuildKit's.
  void show_buildkit(const std::string& version = "buildkit/v0.34") const {
    auto daemon = open({});
    CHECK(daemon.ask("HEAD", "/v2/team-a/app/manifests/1", {{"User-Agent", version}}).status == 200);
  }
  message ask_in_clear(const std::string& method, const header_list& more = {}) const {
    auto client = proxy.client();
    client.address(registry.authority());
    auto fields = more;
    fields.emplace_back("Proxy-Authorization", shown());
    return client.ask(method, "http://" + registry.authority() + manifest, fields);
  }
  std::size_t arrived() const { return registry.count("*", manifest); }
};

}  // namespace

TEST_CASE("X1: a Go client that offers HTTP/2 and accepts no compression cannot use the builder's credentials",
          "[step]") {
  shared_password_scene scene;
  auto step = scene.open_h2();
  const auto method = GENERATE(std::string("GET"), std::string("PUT"), std::string("POST"));
  const auto got = step.ask(method, manifest, {{"User-Agent", "buildkit/v0.34"}});
  CHECK(got.status == 403);
  CHECK(got.body.find("build step") != std::string::npos);
  CHECK(scene.registry.requests().empty());
  CHECK(scene.tokens.count() == 0);
  CHECK(scene.proxy.finished().at(0).explanation.has_value());
}

TEST_CASE("X1: disabling HTTP/2 for a registry does not disable the detection", "[step]") {
  shared_password_scene scene;
  scene.proxy.serve(scene.registry, [&](forward::registry_options& options) {
    options.realms = {scene.tokens.realm()};
    options.http2 = forward::http2_use::off;
  });
  auto step = scene.open(both);
  CHECK(step.alpn() == "http/1.1");
  CHECK(step.ask("GET", manifest).status == 403);
  CHECK(scene.registry.requests().empty());
}

TEST_CASE("X1: ranges, trailers and look-alike fields prove nothing about the client", "[step]") {
  shared_password_scene scene;
  auto step = scene.open_h2();
  const header_list forged = GENERATE(header_list{{"range", "bytes=0-"}}, header_list{{"accept_encoding", "gzip"}},
                                      header_list{{"x-accept-encoding", "gzip"}, {"traceparent", "00-1-1-00"}});
  CHECK(step.ask("GET", manifest, forged).status == 403);
  CHECK(scene.registry.requests().empty());
}

TEST_CASE("X1: once BuildKit was seen with the password a HEAD of its steps is refused too", "[step]") {
  shared_password_scene scene;
  // A build of the daemon that is no release has no version.
  scene.show_buildkit(GENERATE("buildkit/v0.34", "buildkit/v0.0"));
  auto step = scene.open_h2();
  const auto before = scene.registry.requests().size();
  CHECK(step.ask("HEAD", manifest).status == 403);
  step.ask("GET", "/v2/");  // a refusal here is put off to the client's next request
  CHECK(step.ask("GET", "/v2/_catalog").status == 403);
  CHECK(scene.registry.requests().size() == before);
}

TEST_CASE("X1: a BuildKit without the exec proxy does not affect other clients", "[step]") {
  shared_password_scene scene;
  scene.show_buildkit("buildkit/v0.30");
  auto other = scene.open_h2();
  CHECK(other.ask("HEAD", manifest).status == 200);
}

TEST_CASE("X1: the daemon itself, which offers no HTTP/2, is served", "[step]") {
  shared_password_scene scene;
  scene.show_buildkit();
  auto daemon = scene.open(GENERATE(std::vector<std::string>{}, std::vector<std::string>{"http/1.1"}));
  CHECK(daemon.ask("HEAD", manifest, {{"User-Agent", "buildkit/v0.34"}}).status == 200);
  CHECK(daemon.ask("GET", manifest, {{"User-Agent", "containerd/2.4"}, {"Range", "bytes=1-"}}).status == 200);
  CHECK(scene.registry.requests("GET", manifest).back().authorization().starts_with("Bearer "));
}

TEST_CASE("X1: other clients that offer HTTP/2 with the same password are served", "[step]") {
  shared_password_scene scene;
  scene.show_buildkit();
  SECTION("a Go client that takes compression, as its transport does unless told otherwise") {
    auto crane = scene.open_h2();
    CHECK(crane.ask("GET", "/v2/", {{"accept-encoding", "gzip"}}).status == 200);
    // Its other requests on the connection need not say so.
    CHECK(crane.ask("HEAD", manifest).status == 200);
    CHECK(crane.ask("GET", manifest, {{"range", "bytes=1-"}}).status == 200);
  }
  SECTION("a Go client that begins with HEAD and has another user name than BuildKit") {
    scene.user = "oras";
    auto oras = scene.open_h2();
    CHECK(oras.ask("HEAD", manifest).status == 200);
    CHECK(oras.ask("GET", manifest).status == 403);
  }
  SECTION("one whose CONNECT is not Go's") {
    auto curl = scene.open_h2("curl/8.5.0");
    CHECK(curl.ask("GET", manifest).status == 200);
  }
}

TEST_CASE("X1: requests outside the registry API are forwarded without a credential", "[step]") {
  shared_password_scene scene;
  scene.show_buildkit();
  auto step = scene.open_h2();
  CHECK(step.ask("GET", "/files/archive.tar.gz").status == 401);
  CHECK(scene.registry.requests("GET", "/files/").back().authorization().empty());
}

TEST_CASE("X1: the configuration can say which builder the password belongs to", "[step]") {
  shared_password_scene scene;
  scene.serve_in_clear();
  const auto is = [&](forward::builder_kind kind) {
    scene.proxy.change([&](forward::snapshot& from) { from.clients.builder = kind; });
  };
  SECTION("BuildKit's: nothing has to be seen of it first") {
    is(forward::builder_kind::buildkit);
    auto step = scene.open_h2();
    CHECK(step.ask("HEAD", manifest).status == 403);
    CHECK(scene.ask_in_clear("GET").status == 403);
    CHECK(scene.arrived() == 0);
  }
  SECTION("another's: nobody is refused") {
    scene.show_buildkit();
    is(forward::builder_kind::other);
    auto client = scene.open_h2();
    CHECK(client.ask("GET", manifest).status == 200);
    CHECK(scene.ask_in_clear("GET").status == 200);
  }
}

TEST_CASE("X1: steps can be allowed through with their own credentials", "[step]") {
  shared_password_scene scene;
  scene.proxy.change([](forward::snapshot& from) { from.clients.steps = forward::step_requests::anonymous; });
  auto step = scene.open_h2();
  const auto challenged = step.ask("GET", manifest);
  CHECK(challenged.status == 401);
  CHECK(challenged.field("WWW-Authenticate").has_value());
  CHECK(step.ask("GET", manifest, {{"authorization", "Bearer of-the-step"}}).status == 401);
  const auto arrived = scene.registry.requests("GET", manifest);
  REQUIRE(arrived.size() == 2);
  CHECK(arrived.at(0).authorization().empty());
  CHECK(arrived.at(1).authorization() == "Bearer of-the-step");
  CHECK(scene.tokens.count() == 0);
  const auto explained = scene.proxy.finished(2).at(0).explanation;
  REQUIRE(explained);
  CHECK(explained->cause == "client-without-credential");
  CHECK(explained->summary.find("client_auth.steps") != std::string::npos);
  for (const auto& fix : explained->fix) CHECK(fix.find("replace") == std::string::npos);  // it is in force
}

TEST_CASE("X1: a registry that is only observed refuses no build step", "[step]") {
  shared_password_scene scene;
  scene.proxy.serve(scene.registry,
                    [](forward::registry_options& options) { options.injection = auth::injection::observe; });
  auto step = scene.open_h2();
  CHECK(step.ask("GET", manifest, {{"authorization", "Bearer own"}}).status == 401);
  CHECK(scene.registry.requests("GET", manifest).back().authorization() == "Bearer own");
}

TEST_CASE("X1: BuildKit is recognised by its User-Agent, from the first version with an exec proxy on", "[step]") {
  const auto [agent, is] = GENERATE(table<std::string, bool>({
      {"buildkit/v0.31", true},
      {"buildkit/v0.34", true},
      {"buildkit/v0.120", true},
      {"buildkit/v1.0", true},
      {"buildkit/0.0+unknown", true},
      {"buildkit/v0.", true},
      {"buildkit/v0.0", true},
      {"buildkit/v0.30", false},
      {"buildkit/v0.11", false},
      {"buildkitd/v0.34", false},
      {"containerd/2.4.2", false},
      {"", false},
  }));
  INFO(agent);
  CHECK(forward::names_buildkit(agent) == is);
}

TEST_CASE("X1: without a client password no request is suspected", "[step]") {
  shared_password_scene scene;
  scene.proxy.change([](forward::snapshot& from) { from.client_password = nullptr; });
  auto client = scene.open_h2();
  CHECK(client.ask("GET", manifest).status == 200);
}

TEST_CASE("X1: over plain HTTP a step's requests are refused once BuildKit was seen, except HEAD", "[step]") {
  shared_password_scene scene;
  scene.serve_in_clear();
  scene.show_buildkit();
  CHECK(scene.ask_in_clear("GET", {{"User-Agent", "buildkit/v0.34"}}).status == 403);
  CHECK(scene.ask_in_clear("GET", {{"Range", "bytes=0-"}}).status == 403);
  CHECK(scene.arrived() == 0);
  // The daemon's look the same as a step's.
  CHECK(scene.ask_in_clear("HEAD").status == 200);
  CHECK(scene.ask_in_clear("GET", {{"Accept-Encoding", "gzip"}}).status == 200);
}
