#include "regpass/diagnosis/evidence.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <catch2/catch.hpp>

namespace regpass::diagnosis {
namespace {

namespace json = boost::json;

auth::claims some_claims() {
  auth::claims c;
  c.issuer = "tb-auth";
  c.audience = {"tb-registry", "other"};
  c.subject = "alice";
  c.access = registry::scope_set(registry::repository_scope("team-a/app", {"pull", "push"}));
  c.issued_at = 1785607200;
  c.not_before = -1;
  c.expires_at = 1785607500;
  return c;
}

answered_step some_answer() {
  answered_step a;
  a.status = 401;
  a.server = "nginx";
  a.content_type = "application/json";
  a.api_version = true;
  a.challenges = {"Bearer realm=\"https://auth.test/token\"", "Basic realm=\"r\""};
  a.challenge_error = "invalid_token";
  a.errors = {{"DENIED", "no", "{\"a\":1}"}};
  a.message = "words";
  a.clock_difference_s = 0;
  return a;
}

failed_step some_failure() {
  error e;
  e.code = errc::wrong_name;
  e.who = party::token_server;
  e.when = phase::tls;
  e.detail = "for other.test";
  e.os = 104;
  e.answer_started = true;
  return failed_step{e};
}

evidence full() {
  evidence e;
  e.id = "a1-7";
  e.mode = "proxy";
  e.client = "127.0.0.1:4";
  e.registry = "registry.test:5443";
  e.repository = "team-a/app";
  e.action = "push";
  e.method = "PUT";
  e.path = "/v2/team-a/app/manifests/1";
  e.injection = "add";
  e.began_at = wall_time(std::chrono::milliseconds(1785607200123));
  e.source = "/run/secrets/config.json";
  e.key = "registry.test:5443";
  e.username = "alice";
  e.credential_kind = "basic";
  e.missing = auth::absence::unusable;
  e.others = {{"/a", "k", "why"}, {"/b", "", ""}};
  e.searched = {"/a", "/b"};
  e.needed.add(registry::repository_scope("team-a/app", {"pull", "push"}));
  e.status = 403;
  add(e, 0, sent_step{"GET /v2/", authorization_kind::none, true, true});
  add(e, 1, some_answer());
  add(e, 2, realm_step{"https://auth.test/token", true, "same origin", "realms = []"});
  add(e, 3,
      token_request_step{"POST", "https://auth.test/token", "s", "repository:x:pull",
                         authorization_kind::identity_token});
  add(e, 4, token_answer_step{200, {}, "m", std::string(), some_claims(), -5});
  add(e, 5, cached_token_step{"repository:x:pull", "repository:x:pull", 7, some_claims()});
  add(e, 6, some_failure());
  add(e, 7, policy_step{"not allowed", "push = [\"x\"]"});
  add(e, 1'000'000'000'000, mount_step{"shared/base", "policy"});
  return e;
}

evidence read(std::string_view text) {
  const auto e = from_json(json::parse(text));
  REQUIRE(e);
  return *e;
}

TEST_CASE("evidence is converted to JSON and back without loss") {
  const auto written = to_json(full());
  const auto back = from_json(written);
  REQUIRE(back);
  CHECK(to_json(*back) == written);
  CHECK(back->began_at == full().began_at);
  CHECK(back->missing == auth::absence::unusable);
  CHECK(back->needed == full().needed);
  REQUIRE(back->steps.size() == 9);
  for (std::size_t i = 0; i < 9; ++i) CHECK(back->steps[i].step.index() == i);
  const auto& failed = std::get<failed_step>(back->steps[6].step).problem;
  CHECK(failed.code == errc::wrong_name);
  CHECK(failed.who == party::token_server);
  CHECK(failed.when == phase::tls);
  const auto& token = std::get<token_answer_step>(back->steps[4].step);
  CHECK(token.granted == "");
  REQUIRE(token.claims);
  CHECK(token.claims->access == some_claims().access);
  CHECK(token.claims->not_before == -1);
}

TEST_CASE("serialized JSON is read back unchanged") {
  const auto written = to_json(full());
  CHECK(json::parse(json::serialize(written)) == written);
}

TEST_CASE("every code, party and phase is converted to JSON and back") {
  for (auto code = 0; code <= static_cast<int>(errc::io); ++code) {
    for (auto who = 0; who <= static_cast<int>(party::proxy); ++who) {
      for (auto when = 0; when <= static_cast<int>(phase::idle); ++when) {
        error e;
        e.code = static_cast<errc>(code);
        e.who = static_cast<party>(who);
        e.when = static_cast<phase>(when);
        evidence one;
        add(one, 0, failed_step{e});
        const auto back = from_json(to_json(one));
        REQUIRE(back);
        const auto& read = std::get<failed_step>(back->steps.at(0).step).problem;
        REQUIRE(read.code == e.code);
        REQUIRE(read.who == e.who);
        REQUIRE(read.when == e.when);
      }
    }
  }
}

TEST_CASE("an exchange line of the log is read as evidence") {
  const auto e =
      read(R"({"time":"2026-08-01T18:00:00.000Z","level":"warn","event":"exchange","msg":"m","id":"7","mode":"mirror",
    "registry":"registry.test","http":{"client":"1.1"},"status":403,"auth":"bearer",
    "credential":{"source":"/f","key":"k","username":"u"},"scope":{"needed":"repository:x:pull","granted":""},
    "handshake":[{"step":"sent","at_ms":3,"request":"GET /v2/"}],"explanation":{"cause":"x"}})");
  CHECK(e.id == "7");
  CHECK(e.mode == client_mode::mirror);
  CHECK(e.source == "/f");
  CHECK(e.username == "u");
  CHECK(to_text(e.needed) == "repository:x:pull");
  CHECK(e.steps.size() == 1);
}

TEST_CASE("at most 32 steps are kept, the last ones") {
  evidence e;
  for (int i = 0; i < 100; ++i) add(e, i, policy_step{});
  REQUIRE(e.steps.size() == 32);
  CHECK(e.steps.front().at_ms == 68);
  CHECK(e.steps.back().at_ms == 99);
  auto written = to_json(e);
  auto& list = written["handshake"].as_array();
  const auto once = list;
  for (int i = 0; i < 3; ++i) list.insert(list.end(), once.begin(), once.end());
  const auto back = from_json(written);
  REQUIRE(back);
  CHECK(back->steps.size() == 32);
}

TEST_CASE("a JSON value that is not an object is not evidence") {
  for (const auto* text : {"null", "1", "\"x\"", "[]", "[{}]", "true", "1e400"}) {
    INFO(text);
    json::error_code ec;
    const auto value = json::parse(text, ec);
    const auto e = from_json(value);
    REQUIRE(!e);
    CHECK(e.error().code == errc::bad_input);
  }
}

TEST_CASE("members of another type stay at their default") {
  const auto e =
      read(R"({"id":1,"mode":null,"registry":["x"],"status":"403","injection":{},"began_at":"yesterday","credential":[],
    "scope":"repository:x:pull","handshake":{"step":"sent"}})");
  const evidence fresh;
  CHECK(to_json(e) == to_json(fresh));
  CHECK(e.injection == injection_mode::replace);
}

TEST_CASE("inner members of another type stay at their default") {
  const auto e = read(R"({"status":4e30,"credential":{"source":7,"missing":"absent","others":[1,{"source":2,"key":"k"}],
    "searched":"x"},"scope":{"needed":"no scope at all"},"handshake":[null,[],{},{"step":7},{"step":"unknown"},
    {"step":"answered","at_ms":"x","status":1.5,"api_version":"yes","challenges":"x","errors":[{"code":[]},7],"clock_difference_s":true},
    {"step":"failed","code":"very bad","party":3,"phase":null,"os":1e300},{"step":"token-answer","granted":5,"claims":[]}]})");
  CHECK(e.status == 0);
  CHECK(e.missing == auth::absence::none);
  REQUIRE(e.others.size() == 1);
  CHECK(e.others[0].key == "k");
  CHECK(e.needed.empty());
  REQUIRE(e.steps.size() == 3);
  const auto& a = std::get<answered_step>(e.steps[0].step);
  CHECK(a.status == 0);
  CHECK(!a.api_version);
  CHECK(a.errors.size() == 1);
  CHECK(!a.clock_difference_s);
  CHECK(std::get<failed_step>(e.steps[1].step).problem.code == errc::io);
  CHECK(!std::get<token_answer_step>(e.steps[2].step).granted);
}

TEST_CASE("texts and lists are cleaned and bounded when read (T27)") {
  json::object object;
  object["registry"] = "a\x1b[31m\u202eb\n";
  object["path"] = std::string(100'000, 'p');
  json::array many;
  for (int i = 0; i < 1000; ++i) many.emplace_back("x");
  object["credential"] = json::object{{"searched", many}};
  const auto e = from_json(object);
  REQUIRE(e);
  CHECK(e->registry == "a\\x1b[31m\\u{202e}b\\x0a");
  CHECK(e->path.size() <= 8 * 1024);
  CHECK(e->searched.size() == 16);
}

}  // namespace
}  // namespace regpass::diagnosis
