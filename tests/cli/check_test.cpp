// `regpass check` against a registry that does as the script says: what it sends, and what it says of the answers.
#include "cli/check/check.hpp"

#include "cli/check/check_text.hpp"
#include "support/common_ground.hpp"
#include "support/fake_token_server.hpp"
#include "support/temporary_directory.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <regex>

using namespace regpass;
using namespace regpass::testing;
using Catch::Matchers::Contains;

namespace {

const std::string blob = "sha256:" + std::string(64, 'b');
const std::string uploads = "/v2/team-a/app/blobs/uploads/";

// A registry that wants tokens, and a user whose docker config has a credential for it.
struct scene {
  scene() {
    tokens.guard(registry);
    settings.credentials.docker_config = {place.put(
        "config.json", R"({"auths":{")" + registry.authority() + R"(":{"auth":"YWxpY2U6Y2FuYXJ5LXBhc3N3b3Jk"}}})")};
    options::registry_options options;
    options.host = *registry::parse_host(registry.authority());
    options.policy.push = options.policy.remove = {"*"};
    options.realms = {tokens.realm()};
    options.trust = common_ground().upstream_trust;
    settings.registries.push_back(options);
    registry.on("GET", "/v2/").body("{}");
    registry.on("HEAD", "/v2/team-a/app/manifests/1").answer(404);
  }

  cli::check_request request() const {
    return {.what = *registry::parse_reference(registry.authority() + "/team-a/app:1")};
  }
  cli::checkup run(const cli::check_request& asked) const {
    config::loaded loaded;
    loaded.settings = settings;
    auto done = cli::run_check(loaded, {}, asked);
    REQUIRE(done);
    return std::move(*done);
  }

  temporary_directory place;
  fake_server registry;
  fake_token_server tokens;
  config::settings settings;
};

// Text of the last step of that name; empty: there is none.
std::string said(const cli::checkup& done, const std::string& name) {
  for (auto it = done.steps.rbegin(); it != done.steps.rend(); ++it) {
    if (it->name == name) return it->text;
  }
  return {};
}

std::vector<std::string> causes(const cli::checkup& done) {
  std::vector<std::string> found;
  for (const auto& one : done.exchanges) {
    if (one.explanation) found.push_back(one.explanation->cause);
  }
  return found;
}

using names = std::vector<std::string>;

void take_uploads(fake_server& registry) {
  registry.on("POST", uploads).answer(202, "Accepted").header("Location", uploads + "state");
  registry.on("DELETE", uploads + "state").answer(204, "No Content");
}

}  // namespace

TEST_CASE("Every step of the handshake is told, with its time, and what was granted against what was asked") {
  const scene at;
  const auto done = at.run(at.request());
  CHECK(done.works);
  const names expected{"configuration", "credential", "DNS",       "TCP",  "TLS",     "GET",      "  challenge",
                       "  realm",       "  asked",    "  granted", "HEAD", "  asked", "  granted"};
  names got;
  for (const auto& one : done.steps) got.push_back(one.name);
  CHECK(got == expected);
  const names timed{"DNS", "TCP", "TLS", "GET", "HEAD", "  granted"};
  for (const auto& one : done.steps) {
    const bool measured = std::ranges::count(timed, one.name) > 0;
    CHECK((one.ms >= 0) == measured);
  }
  CHECK_THAT(said(done, "credential"), Contains("alice") && Contains((at.place / "config.json").string()));
  CHECK_THAT(said(done, "  challenge"), Contains(at.tokens.realm()));
  CHECK_THAT(said(done, "  asked"), Contains("repository:team-a/app:pull"));
  CHECK_THAT(said(done, "  granted"), Contains("repository:team-a/app:pull"));
}

TEST_CASE("E7: a host by itself is asked about, and nothing of Docker Hub") {
  scene here;
  cli::check_request asked;
  asked.what.host = *registry::parse_host(here.registry.authority());
  const auto done = here.run(asked);
  CHECK(done.works);
  CHECK(said(done, "GET") == "/v2/: 200");
  CHECK_THAT(said(done, "credential"), Contains("user alice"));
  CHECK(said(done, "HEAD").empty());
  REQUIRE_FALSE(here.registry.requests().empty());
  for (const auto& one : here.registry.requests()) CHECK(one.target == "/v2/");
}

TEST_CASE("A push is probed by an upload that is cancelled") {
  scene at;
  take_uploads(at.registry);
  auto asked = at.request();
  asked.push = true;
  const auto done = at.run(asked);
  CHECK(done.works);
  CHECK(at.registry.count("POST", uploads) == 1);
  CHECK(at.registry.count("DELETE", uploads + "state") == 1);
  CHECK_THAT(said(done, "  cancelled"), Contains("the upload"));
}

TEST_CASE("An upload that cannot be cancelled is no failure") {
  scene at;
  at.registry.on("POST", uploads).answer(202, "Accepted").header("Location", uploads + "state");
  at.registry.on("DELETE", uploads + "state").answer(405, "No").body("{}");
  auto asked = at.request();
  asked.push = true;
  const auto done = at.run(asked);
  CHECK(done.works);
  CHECK(causes(done).empty());
  CHECK_THAT(said(done, "  cancelled"), Contains("405") && Contains("expires"));
}

TEST_CASE("Deletion is probed with a digest that nothing has, and nothing else is deleted") {
  scene at;
  at.registry.on("DELETE", "/v2/team-a/app/manifests/*")
      .answer(404, "Not Found")
      .body(R"({"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]})");
  auto asked = at.request();
  asked.remove = true;
  const auto first = at.run(asked);
  const auto second = at.run(asked);
  CHECK(first.works);
  CHECK(causes(first).empty());
  CHECK_THAT(said(first, "  delete"), Contains("the token grants delete") && Contains("immutable"));
  const auto sent = at.registry.requests("DELETE", "/v2/");
  REQUIRE(sent.size() == 2);
  const std::regex random("/v2/team-a/app/manifests/sha256:[0-9a-f]{64}");
  for (const auto& one : sent) CHECK(std::regex_match(one.target, random));
  CHECK(sent[0].target != sent[1].target);
  CHECK(at.tokens.asked().back().scopes == names{"repository:team-a/app:delete"});
}

TEST_CASE("What the answers to a probed deletion prove") {
  struct row {
    int status;
    std::string code;
    bool opaque;
    bool works;
    std::string text;   // in the verdict
    std::string cause;  // empty: none
  };
  const auto one = GENERATE(values<row>({
      {202, "", false, true, "accepted it", ""},
      {404, "MANIFEST_UNKNOWN", true, true, "probably allowed", ""},
      {404, "NAME_UNKNOWN", false, false, "", "not-found-or-hidden"},
      {405, "UNSUPPORTED", false, false, "", "deletion-off"},
      {403, "DENIED", true, false, "", "denied-by-registry"},
  }));
  scene at;
  if (one.opaque) at.tokens.opaque();
  at.registry.on("DELETE", "/v2/team-a/app/manifests/*")
      .answer(one.status, "X")
      .header("Docker-Distribution-Api-Version", "registry/2.0")
      .header("Content-Type", "application/json")
      .body(one.code.empty() ? "" : R"({"errors":[{"code":")" + one.code + R"(","message":"no"}]})");
  auto asked = at.request();
  asked.remove = true;
  const auto done = at.run(asked);
  INFO(one.status << " " << one.code);
  CHECK(done.works == one.works);
  CHECK(causes(done) == (one.cause.empty() ? names{} : names{one.cause}));
  CHECK_THAT(said(done, "  delete"), Contains(one.text));
}

TEST_CASE("A deletion that policy forbids is not sent") {
  scene at;
  at.settings.registries[0].policy.remove.clear();
  auto asked = at.request();
  asked.remove = true;
  const auto done = at.run(asked);
  CHECK_FALSE(done.works);
  CHECK(causes(done) == names{"policy-refused"});
  CHECK(at.registry.count("DELETE", "/v2/") == 0);
}

namespace {

void has_image(fake_server& registry, const std::string& tag) {
  const auto index = "sha256:" + std::string(64, 'a');
  registry.on("GET", "/v2/lib/base/manifests/" + tag).body(R"({"manifests":[{"digest":")" + index + R"("}]})");
  registry.on("GET", "/v2/lib/base/manifests/" + index).body(R"({"config":{"digest":")" + blob + R"("},"layers":[]})");
}

cli::check_request mounting(const scene& at, std::string_view from) {
  auto asked = at.request();
  REQUIRE(cli::mount_source(asked, from));
  return asked;
}

}  // namespace

TEST_CASE("A mount is probed with a blob that the source really has") {
  scene at;
  has_image(at.registry, "1");
  has_image(at.registry, "latest");
  at.registry.on("POST", uploads + "?*").answer(201, "Created").header("Location", "/v2/team-a/app/blobs/" + blob);
  const std::string named = GENERATE("lib/base", "HOST/lib/base:1");
  const auto done = at.run(mounting(at, named[0] == 'H' ? at.registry.authority() + "/lib/base:1" : named));
  CHECK(done.works);
  CHECK(at.registry.requests("POST", uploads).back().target == uploads + "?mount=" + blob + "&from=lib/base");
  CHECK_THAT(said(done, "  mount"), Contains("grants pull on it") && Contains("was mounted"));
}

TEST_CASE("Without the tag in the source any tag does, unless one was named") {
  scene at;
  has_image(at.registry, "9");
  at.registry.on("GET", "/v2/lib/base/manifests/1").answer(404);
  at.registry.on("GET", "/v2/lib/base/tags/list").body(R"({"name":"lib/base","tags":["9"]})");
  at.registry.on("POST", uploads + "?*").answer(201, "Created");
  CHECK_FALSE(at.run(mounting(at, "lib/base:1")).works);
  CHECK(at.registry.count("POST", uploads) == 0);
  at.registry.on("GET", "/v2/lib/base/manifests/latest").answer(404);
  CHECK(at.run(mounting(at, "lib/base")).works);
  CHECK(at.registry.count("POST", uploads) == 1);
}

TEST_CASE("A mount for which the source is not granted becomes an upload, which is cancelled") {
  scene at;
  has_image(at.registry, "1");
  take_uploads(at.registry);
  at.tokens.grants("repository:team-a/app:pull,push");
  const auto done = at.run(mounting(at, "lib/base:1"));
  CHECK_FALSE(done.works);
  CHECK(causes(done) == names{"mount-source-not-granted"});
  CHECK_THAT(said(done, "  mount"), Contains("lib/base: the token grants nothing on it"));
  CHECK(at.registry.count("DELETE", uploads + "state") == 1);
}

TEST_CASE("A registry that opens an upload instead of a mount is told of") {
  scene at;
  has_image(at.registry, "1");
  at.registry.on("POST", uploads + "?*").answer(202, "Accepted").header("Location", uploads + "state");
  take_uploads(at.registry);
  const auto done = at.run(mounting(at, "lib/base:1"));
  CHECK_FALSE(done.works);
  CHECK_THAT(said(done, "  mount"), Contains("grants pull on it") && Contains("does not mount"));
  CHECK(at.registry.count("DELETE", uploads + "state") == 1);
}

TEST_CASE("A source without a blob that can be named is told of") {
  scene at;
  at.registry.on("GET", "/v2/lib/base/manifests/1").body("<html>");
  const auto done = at.run(mounting(at, "lib/base:1"));
  CHECK_FALSE(done.works);
  CHECK_THAT(said(done, "  mount"), Contains("names none"));
}

TEST_CASE("The source of a mount is a repository of the same registry") {
  cli::check_request asked{.what = *registry::parse_reference("registry.test:5443/team-a/app")};
  for (const auto* text : {"lib/base", "lib/base:2", "registry.test:5443/lib/base"}) {
    REQUIRE(cli::mount_source(asked, text));
    CHECK(asked.mount_from->repository == "lib/base");
    CHECK(registry::to_text(asked.mount_from->host) == "registry.test:5443");
  }
  for (const auto* text : {"", "Lib/Base", "../x", "a b"}) CHECK_FALSE(cli::mount_source(asked, text));
  asked.what = *registry::parse_reference("alpine");
  REQUIRE(cli::mount_source(asked, "busybox"));
  CHECK(asked.mount_from->repository == "library/busybox");
}

TEST_CASE("A grant that is smaller than what was asked for is marked") {
  scene at;
  at.tokens.grants("repository:team-a/app:pull");
  auto asked = at.request();
  asked.push = true;
  at.registry.on("POST", uploads).answer(401, "No").header("WWW-Authenticate", at.tokens.challenge());
  const auto done = at.run(asked);
  CHECK_FALSE(done.works);
  CHECK(causes(done) == names{"granted-less"});
  const auto last =
      std::find_if(done.steps.rbegin(), done.steps.rend(), [](const auto& one) { return one.name == "  granted"; });
  REQUIRE(last != done.steps.rend());
  CHECK_FALSE(last->fine);
}

TEST_CASE("R7: a registry that redirects its API elsewhere is no registry to push to") {
  scene at;
  fake_server old;
  at.settings.registries.front().host = *registry::parse_host(old.authority());
  at.settings.credentials.docker_config = {at.place.put(
      "config.json", R"({"auths":{")" + old.authority() + R"(":{"auth":"YWxpY2U6Y2FuYXJ5LXBhc3N3b3Jk"}}})")};
  const int status = GENERATE(301, 307, 308);
  old.on("*", "*").make([&](const received& asked) {
    reply made;
    made.status = status;
    made.fields.emplace_back("Location", "https://new.example.com" + asked.target);
    return made;
  });
  cli::check_request asked{.what = *registry::parse_reference(old.authority() + "/team-a/app:1"), .push = true};
  const auto done = at.run(asked);
  CHECK_FALSE(done.works);
  CHECK_THAT(said(done, "GET"), Contains(std::to_string(status)) && Contains("new.example.com"));
  REQUIRE_FALSE(causes(done).empty());
  CHECK(causes(done).front() == "registry-moved");
  CHECK_THAT(done.exchanges.front().explanation->summary, Contains("new.example.com, which has no entry"));
}

TEST_CASE("R7: an upload that is not answered with 202 was not opened") {
  scene at;
  at.registry.on("POST", uploads).answer(GENERATE(200, 201, 204));
  auto asked = at.request();
  asked.push = true;
  const auto done = at.run(asked);
  CHECK_FALSE(done.works);
  CHECK_THAT(said(done, "  push"), Contains("no upload was opened"));
}
