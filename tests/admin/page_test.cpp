// The page's routes as a browser meets them: who is let in, what is said, and that nothing secret is.
#include "admin/page.hpp"

#include "diagnosis/cases.hpp"
#include "support/run_task.hpp"

#include <boost/json/array.hpp>
#include <catch2/catch.hpp>

#include <utility>

using namespace regpass;
using namespace regpass::testing;
using Catch::Matchers::Contains;
namespace json = boost::json;

namespace {

forward::exchange_record case_of(const std::string& name) {
  forward::exchange_record one;
  one.evidence = *diagnosis::from_json(diagnosis::cases::json_of(name));
  one.explanation = diagnosis::diagnose(one.evidence);
  return one;
}

auth::credential_entry entry(const std::string& user, const std::string& value, auth::credential_kind kind) {
  auth::credential made;
  made.kind = kind;
  made.username = user;
  made.value = secret(value);
  made.source = "/run/secrets/regpass/config.json";
  made.key = "registry.test:5443";
  made.generation = 7;
  auth::credential_entry one;
  one.host = *registry::parse_host("registry.test:5443");
  one.source = made.source;
  one.key = made.key;
  one.credential = std::make_shared<const auth::credential>(std::move(made));
  return one;
}

// {"exp":1893456000}
const std::string jwt = "eyJhbGciOiJub25lIn0.eyJleHAiOjE4OTM0NTYwMDB9.c2lnbmF0dXJl";

struct scene {
  scene() {
    snapshot->credentials.entries.push_back(entry("alice", "pa55word", auth::credential_kind::basic));
    snapshot->credentials.entries.push_back(entry("", jwt, auth::credential_kind::bearer));
  }

  admin::reply ask(const std::string& path, const http::fields& headers, const std::string& query = {},
                   const std::string& method = "GET") {
    admin::call asked;
    asked.method = method;
    asked.path = path;
    asked.query = query;
    asked.headers = headers;
    return run_task(page(asked));
  }
  // As a browser that was let in.
  admin::reply get(const std::string& path, const std::string& query = {}) {
    http::fields headers;
    headers.add("Host", "127.0.0.1:9129");
    headers.add("Cookie", "other=1; regpass-9129=0123456789abcdef");
    return ask(path, headers, query);
  }
  json::object read(const std::string& path) { return json::parse(get(path).body).as_object(); }

  forward::history journal{16};
  std::shared_ptr<forward::snapshot> snapshot = std::make_shared<forward::snapshot>();
  std::vector<forward::held_token> tokens;
  admin::responder page = admin::page_routes(
      admin::page_hooks{secret("0123456789abcdef"), &journal, [this] { return snapshot; },
                        [this]() -> async::task<std::vector<forward::held_token>> { co_return tokens; }});
};

http::fields host(const std::string& name) {
  http::fields made;
  made.add("Host", name);
  return made;
}

const std::vector<std::string> paths{"/",         "/app.js",        "/sequence.js",     "/app.css",
                                     "/icon.svg", "/api/exchanges", "/api/credentials", "/api/tokens",
                                     "/har",      "/events",        "/nothing"};

}  // namespace

TEST_CASE("Without the token nothing is shown") {
  scene at;
  for (const auto& path : paths) {
    INFO(path);
    CHECK(at.ask(path, host("127.0.0.1:9129")).status == 403);
    CHECK(at.ask(path, host("127.0.0.1:9129"), "token=0123456789abcdee").status == 403);
    auto cookie = host("127.0.0.1:9129");
    cookie.add("Cookie", "regpass-9129=wrong; regpass-9129x=0123456789abcdef");
    CHECK(at.ask(path, cookie).status == 403);
  }
}

TEST_CASE("The token opens the page, by a cookie that scripts and other sites cannot use") {
  scene at;
  const auto let_in = at.ask("/", host("127.0.0.1:9129"), "token=0123456789abcdef");
  CHECK(let_in.status == 200);
  CHECK(let_in.more.get("Refresh") == "0; url=/");
  const std::string cookie(let_in.more.get("Set-Cookie").value());
  CHECK(cookie == "regpass-9129=0123456789abcdef; HttpOnly; SameSite=Strict; Path=/; Max-Age=2592000");
  for (const auto& path : paths) {
    INFO(path);
    CHECK(at.get(path).status == (path == "/nothing" ? 404 : 200));
  }
}

TEST_CASE("The token counts at the page's address only") {
  scene at;
  CHECK(at.ask("/api/exchanges", host("127.0.0.1:9129"), "token=0123456789abcdef").status == 403);
}

TEST_CASE("A page without a token accepts no request") {
  scene at;
  at.page = admin::page_routes(admin::page_hooks{secret(), &at.journal, {}, {}});
  auto empty = host("localhost");
  empty.add("Cookie", "regpass-80=");
  CHECK(at.ask("/", empty).status == 403);
  CHECK(at.ask("/", empty, "token=").status == 403);
}

TEST_CASE("A rebound host name is refused, even with the cookie") {
  scene at;
  for (const auto* name : {"127.0.0.1:9129", "localhost:9129", "[::1]:9129", "10.0.0.7:9129"}) {
    auto headers = host(name);
    headers.add("Cookie", "regpass-9129=0123456789abcdef");
    CHECK(at.ask("/", headers).status == 200);
  }
  for (const auto* name : {"rebound.example:9129", "localhost.example:9129", "127.0.0.1.example:9129", ""}) {
    auto headers = host(name);
    headers.add("Cookie", "regpass-9129=0123456789abcdef");
    CHECK(at.ask("/", headers).status == 403);
    CHECK(at.ask("/", headers, "token=0123456789abcdef").status == 403);
  }
  http::fields none;
  none.add("Cookie", "regpass-80=0123456789abcdef");
  CHECK(at.ask("/", none).status == 403);
}

TEST_CASE("Every answer forbids what the page does not need") {
  scene at;
  for (const auto& path : paths) {
    for (const auto& made : {at.get(path), at.ask(path, host("rebound.example"))}) {
      INFO(path);
      const std::string policy(made.more.get("Content-Security-Policy").value());
      CHECK_THAT(policy, Contains("default-src 'none'") && Contains("frame-ancestors 'none'") &&
                             Contains("require-trusted-types-for 'script'") && !Contains("unsafe"));
      CHECK(made.more.get("Referrer-Policy") == "no-referrer");
      CHECK(made.more.get("X-Frame-Options") == "DENY");
      CHECK(made.more.get("Cross-Origin-Resource-Policy") == "same-origin");
      CHECK(made.more.count("Access-Control-Allow-Origin") == 0);
    }
  }
}

TEST_CASE("The page needs nothing from elsewhere and makes no markup of text") {
  scene at;
  for (const auto* path : {"/", "/app.js", "/sequence.js", "/app.css"}) {
    INFO(path);
    const auto text = at.get(path).body;
    CHECK(text.size() > 1000);
    CHECK_THAT(text, !Contains("http://") && !Contains("https://") && !Contains("innerHTML") &&
                         !Contains("insertAdjacentHTML") && !Contains("document.write") && !Contains(" style="));
  }
}

TEST_CASE("Exchanges have the text of their steps, and the total count") {
  scene at;
  at.journal.add(case_of("credential-rejected-token-server"));
  const auto all = at.read("/api/exchanges");
  CHECK(all.at("count") == 1);
  const auto& one = all.at("exchanges").at(0);
  CHECK(one.at("id") == "0008-1");
  CHECK(one.at("explanation").at("cause") == "credential-rejected");
  REQUIRE(one.at("handshake").as_array().size() == 5);
  CHECK(one.at("handshake").at(0).at("step") == "sent");
  CHECK(one.at("handshake").at(0).at("text") == "probes: GET /v2/ without a credential");
}

TEST_CASE("Credentials are shown with their last result, and without their values") {
  scene at;
  at.journal.add(case_of("credential-rejected-token-server"));
  const auto body = at.get("/api/credentials").body;
  CHECK_THAT(body, !Contains("pa55word") && !Contains(jwt) && !Contains("c2lnbmF0dXJl"));
  const auto all = at.read("/api/credentials").at("credentials").as_array();
  REQUIRE(all.size() == 2);
  CHECK(all[0].at("username") == "alice");
  CHECK(all[0].at("source") == "/run/secrets/regpass/config.json");
  CHECK(all[0].at("last").at("cause") == "credential-rejected");
  CHECK_FALSE(all[0].as_object().contains("expires_at"));
  CHECK(all[1].at("kind") == "bearer");
  CHECK(all[1].at("expires_at") == "2030-01-01T00:00:00.000Z");
}

TEST_CASE("Tokens are shown by scope, with their owner and remaining lifetime") {
  scene at;
  forward::held_token one;
  one.key.registry = *registry::parse_host("registry.test:5443");
  one.key.realm = "https://auth.test/token";
  one.key.generation = 7;
  one.asked = *registry::parse_scopes("repository:team-a/app:pull,push");
  one.granted = *registry::parse_scopes("repository:team-a/app:pull");
  one.left = std::chrono::seconds(42);
  at.tokens.push_back(one);
  const auto shown = at.read("/api/tokens").at("tokens").at(0);
  CHECK(shown.at("asked") == "repository:team-a/app:pull,push");
  CHECK(shown.at("granted") == "repository:team-a/app:pull");
  CHECK(shown.at("username") == "alice");
  CHECK(shown.at("left_s") == 42);
}

TEST_CASE("The archive is of all exchanges, or of one") {
  scene at;
  at.journal.add(case_of("credential-rejected-token-server"));
  at.journal.add(case_of("address-refused-metadata"));
  CHECK(json::parse(at.get("/har").body).at("log").at("pages").as_array().size() == 2);
  const auto one = at.get("/har", "id=0008-1");
  CHECK(json::parse(one.body).at("log").at("pages").as_array().size() == 1);
  CHECK(one.more.get("Content-Disposition") == "attachment; filename=\"regpass-0008-1.har\"");
  CHECK(at.get("/har", "id=unknown").status == 404);
}

TEST_CASE("Tokens for the page are 128 random bits") {
  const auto one = admin::make_page_token(), other = admin::make_page_token();
  CHECK(one.size() == 32);
  CHECK_FALSE(one == other);
  CHECK(admin::page_url("127.0.0.1:9129", secret("abc")) == "http://127.0.0.1:9129/?token=abc");
}
