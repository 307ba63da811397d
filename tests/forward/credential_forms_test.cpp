// A credential is used in every way that its form allows, each tried once, and the telling answer is explained.
#include "regpass/base/text.hpp"
#include "support/fake_proxy.hpp"
#include "support/proxy_under_test.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace regpass;
using namespace regpass::testing;

namespace {

const std::string manifest = "/v2/team-a/app/manifests/1";
const std::string uploads = "/v2/team-a/app/blobs/uploads/";
const std::string value = "canary-password-refresh";
const std::string as_password = "Basic " + base64("<token>:" + value);

bool is_anonymous(const received& one) {
  return one.authorization().empty();
}

}  // namespace

TEST_CASE("C4: an identity token that the token server takes by GET alone is used as a password") {
  token_scene scene;
  const std::string user = GENERATE("<token>", "");
  scene.proxy.credential(scene.registry.authority(), auth::credential_kind::identity_token, user, value);
  scene.registry.on("*", "*").body("{}");
  scene.tokens.server().on("POST", "/token").answer(GENERATE(400, 401, 403, 404, 405), "No");
  const auto [method, target] = GENERATE(table<std::string, std::string>({{"GET", manifest}, {"POST", uploads}}));
  auto client = scene.inside();
  CHECK(client.ask(method, target).status == 200);
  const auto asked = scene.tokens.asked();
  REQUIRE(asked.size() == 2);
  CHECK(asked[0].method == "POST");
  CHECK(asked[0].grant_type == "refresh_token");
  CHECK(asked[1].method == "GET");
  CHECK(asked[1].authorization == as_password);
}

TEST_CASE("C4: a password whose user says that it is an identity token is posted as one") {
  token_scene scene;
  scene.proxy.credential(scene.registry.authority(), auth::credential_kind::basic, "<token>", value);
  scene.registry.on("*", "*").body("{}");
  scene.tokens.server().on("GET", "/token").answer(GENERATE(400, 401, 403, 404, 405), "No");
  auto client = scene.inside();
  CHECK(client.ask("POST", uploads).status == 200);
  const auto asked = scene.tokens.asked();
  REQUIRE(asked.size() == 2);
  CHECK(asked[0].authorization == as_password);
  CHECK(asked[1].grant_type == "refresh_token");
  CHECK(asked[1].refresh_token == value);
}

TEST_CASE("C4: at a Basic registry an identity token is used as a password") {
  open_scene scene;
  scene.proxy.credential(scene.registry.authority(), auth::credential_kind::identity_token, "", value);
  scene.registry.requirement(R"(Basic realm="r")", [](const std::string& one) { return one == as_password; });
  scene.registry.on("*", "*").body("{}");
  auto client = scene.inside();
  CHECK(client.ask("GET", manifest).status == 200);
  CHECK(client.ask("PUT", manifest, {}, "{}").status == 200);
  CHECK(scene.registry.requests().size() == 3);
}

TEST_CASE("C4: no form is tried twice, and a plain password that was refused is not posted as well") {
  token_scene scene;
  const bool identity = GENERATE(false, true);
  const auto kind = identity ? auth::credential_kind::identity_token : auth::credential_kind::basic;
  scene.proxy.credential(scene.registry.authority(), kind, identity ? "" : "alice", value);
  scene.tokens.server().on("*", "/token").answer(401, "No");
  auto client = scene.inside();
  const auto got = client.ask("POST", uploads);
  CHECK(got.status == 403);
  CHECK(got.field("X-Regpass-Cause") == "credential-rejected");
  CHECK(scene.tokens.count() == (identity ? 2 : 1));
  CHECK(scene.registry.requests().size() == 1);
}

TEST_CASE("R5: where a token server answers 400 to a wrong password, a public pull goes on without it") {
  token_scene scene;
  const std::string body = GENERATE(
      as<std::string>(), "", R"({"errors":[{"code":"DENIED","message":"Your authorization token is invalid."}]})");
  scene.tokens.server()
      .on("GET", "/token")
      .when([](const received& one) { return !is_anonymous(one); })
      .answer(400, "No")
      .body(body);
  scene.tokens.server().on("POST", "/token").answer(GENERATE(404, 405), "No").body("no such method");
  scene.registry.on("GET", manifest).body("{}");
  auto client = scene.inside();
  CHECK(client.ask("GET", manifest).status == 200);
  CHECK(scene.tokens.asked().back().authorization.empty());
  CHECK_FALSE(scene.proxy.finished()[0].explanation.has_value());
  CHECK(scene.proxy.log_lines("notice").size() == 1);
}

TEST_CASE("R5: of several refusals by the token server the telling one is explained") {
  token_scene scene;
  struct row {
    int get;
    std::string get_body;
    int post;
    std::string cause;
    std::string words;
  };
  const auto one = GENERATE(values<row>({
      {400, R"({"errors":[{"code":"DENIED","message":"Your authorization token is invalid."}]})", 405,
       "credential-rejected", ""},
      {400, R"({"message":"incorrect username or password"})", 404, "credential-rejected", ""},
      {400, "first words", 405, "token-server-error", "first words"},
      {400, "first words", 404, "token-server-error", "400"},
      {405, "", 401, "credential-rejected", ""},
      {404, "", 400, "token-server-error", "400"},
  }));
  INFO(one.get << " " << one.get_body << " then " << one.post);
  scene.tokens.server().on("GET", "/token").answer(one.get, "No").body(one.get_body);
  scene.tokens.server().on("POST", "/token").answer(one.post, "No").body("last words");
  auto client = scene.inside();
  const auto got = client.ask("POST", uploads);
  CHECK(got.status == 403);
  CHECK(got.field("X-Regpass-Cause") == one.cause);
  CHECK(got.body.find(one.words) != std::string::npos);
}

TEST_CASE("R5: a private pull whose password was answered by 400 names the credential") {
  token_scene scene;
  scene.tokens.grants("");
  scene.tokens.server()
      .on("GET", "/token")
      .when([](const received& one) { return !is_anonymous(one); })
      .answer(400, "No");
  scene.tokens.server().on("POST", "/token").answer(405, "No");
  auto client = scene.inside();
  const auto got = client.ask("GET", manifest);
  CHECK(got.status == 403);
  CHECK(got.field("X-Regpass-Cause") == "credential-rejected");
}

TEST_CASE("R6: without a credential a token is asked for anonymously at a realm of another host") {
  fake_server registry;
  fake_token_server tokens;
  fake_proxy way;
  proxy_under_test proxy;
  way.knows("registry.test:443", registry.port());
  way.knows("auth.test:443", tokens.server().port());
  registry.requirement(R"(Bearer realm="https://auth.test/token",service="test-registry")",
                       [&](const std::string& one) { return tokens.is_good(one); });
  registry.on("*", "*").body("{}");
  proxy.serve("registry.test:443", true);
  proxy.change([&](forward::snapshot& from) {
    auto out = std::make_shared<net::upstream_proxy>();
    out->proxy = http::parse_proxy(way.url()).value();
    from.upstream_proxy = out;
  });
  auto client = proxy.inside("registry.test:443");
  for (int i = 0; i < 3; ++i) CHECK(client.ask("GET", manifest).status == 200);
  const auto asked = tokens.asked();
  REQUIRE(asked.size() == 1);
  CHECK(asked[0].method == "GET");
  CHECK(asked[0].authorization.empty());
  CHECK(asked[0].account.empty());
  // With a credential the same realm is refused: it would be sent there.
  proxy.credential("registry.test:443");
  const auto got = client.ask("GET", manifest);
  CHECK(got.status == 403);
  CHECK(got.field("X-Regpass-Cause") == "realm-refused");
  CHECK(tokens.count() == 1);
}

TEST_CASE("R6: an anonymous token request goes to public addresses over TLS only") {
  open_scene scene;
  fake_token_server tokens;
  fake_token_server plain(fake_server::scheme::http);
  const auto realm = GENERATE(true, false) ? tokens.realm() : plain.realm();
  scene.registry.requirement("Bearer realm=\"" + realm + "\",service=\"s\"", [](const std::string&) { return false; });
  auto client = scene.inside();
  const auto got = client.ask("GET", manifest);
  CHECK(got.status == 403);
  CHECK(got.field("X-Regpass-Cause") == "realm-refused");
  CHECK(tokens.server().connections() == 0);
  CHECK(plain.server().connections() == 0);
}

TEST_CASE("R4: a token whose claims spell the default class is renewed as any other") {
  token_scene scene;
  const std::string spelling = GENERATE(R"("class":"image",)", R"("class":"",)", R"("class":null,)");
  std::atomic<int> number{0};
  std::atomic<int> oldest{1};
  scene.tokens.server().on("GET", "/token").make([&](const received&) {
    auto payload = base64(R"({"access":[{"type":"repository",)" + spelling +
                          R"("name":"team-a/app","actions":["pull","pull"]}],"n":)" + std::to_string(++number) + "}");
    std::ranges::replace(payload, '+', '-');
    std::ranges::replace(payload, '/', '_');
    payload.erase(payload.find_last_not_of('=') + 1);
    return reply{.body = R"({"token":"e30.)" + payload + ".c" + std::to_string(number) + R"(","expires_in":300})"};
  });
  const auto number_of = [](const std::string& one) { return std::atoi(one.substr(one.rfind('c') + 1).c_str()); };
  scene.registry.requirement(scene.tokens.challenge(),
                             [&](const std::string& one) { return !one.empty() && number_of(one) >= oldest; });
  scene.registry.on("GET", manifest).body("{}");
  auto client = scene.inside();
  CHECK(client.ask("GET", manifest).status == 200);
  CHECK(client.ask("GET", manifest).status == 200);
  CHECK(number == 1);
  oldest = 2;
  CHECK(client.ask("GET", manifest).status == 200);
  CHECK(number == 2);
}
