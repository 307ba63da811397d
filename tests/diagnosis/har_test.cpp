// The structure is checked member by member against "HTTP Archive (HAR) format", version 1.2, over every case there is.
#include "regpass/diagnosis/har.hpp"

#include "cases.hpp"
#include "regpass/base/time.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <catch2/catch.hpp>

#include <algorithm>
#include <set>
#include <vector>

namespace regpass::diagnosis {
namespace {

namespace json = boost::json;

evidence case_of(const std::string& name) {
  return *from_json(cases::json_of(name));
}

json::object har_of(const std::string& name) {
  const std::vector<evidence> one{case_of(name)};
  return to_har(one);
}

std::string text(const json::value& v) {
  return std::string(v.as_string());
}

void members(const json::object& of, const std::set<std::string>& wanted, const std::set<std::string>& optional = {}) {
  for (const auto& name : wanted) {
    INFO("member " << name);
    REQUIRE(of.contains(name));
  }
  for (const auto& member : of) {
    const std::string name(member.key());
    INFO("member " << name);
    CHECK((wanted.contains(name) || optional.contains(name) || name == "comment" || name.starts_with('_')));
  }
}

void pairs(const json::value& list) {
  for (const auto& one : list.as_array()) {
    members(one.as_object(), {"name", "value"});
    CHECK_FALSE(one.at("name").as_string().empty());
    CHECK(one.at("value").is_string());
  }
}

void time_and_zone(const json::value& v) {
  CHECK(parse_rfc3339(text(v)));
}

void request(const json::object& of) {
  members(of, {"method", "url", "httpVersion", "cookies", "headers", "queryString", "headersSize", "bodySize"},
          {"postData"});
  CHECK_FALSE(of.at("method").as_string().empty());
  CHECK(of.at("url").as_string().starts_with("https://"));
  CHECK(of.at("url").as_string().find(' ') == json::string::npos);
  CHECK_FALSE(of.at("httpVersion").as_string().empty());
  pairs(of.at("headers"));
  pairs(of.at("queryString"));
  if (const auto* form = of.if_contains("postData")) members(form->as_object(), {"mimeType", "params", "text"});
}

void response(const json::object& of) {
  members(of, {"status", "statusText", "httpVersion", "cookies", "headers", "content", "redirectURL", "headersSize",
               "bodySize"});
  CHECK(of.at("status").is_int64());
  pairs(of.at("headers"));
  const auto& content = of.at("content").as_object();
  members(content, {"size", "mimeType"}, {"text"});
  CHECK_FALSE(content.at("mimeType").as_string().empty());
}

// `time` is the sum of the timings, without those that are -1; `ssl` is part of `connect`.
void timings(const json::object& entry) {
  const auto& of = entry.at("timings").as_object();
  members(of, {"send", "wait", "receive"}, {"blocked", "dns", "connect", "ssl"});
  std::int64_t sum = 0;
  for (const auto& member : of) {
    const auto length = member.value().to_number<std::int64_t>();
    const bool needed = member.key() == "send" || member.key() == "wait" || member.key() == "receive";
    CHECK(length >= (needed ? 0 : -1));
    if (length > 0 && member.key() != "ssl") sum += length;
  }
  CHECK(entry.at("time").to_number<std::int64_t>() == sum);
}

void har(const json::object& whole) {
  members(whole, {"log"});
  const auto& log = whole.at("log").as_object();
  members(log, {"version", "creator", "entries"}, {"pages", "browser"});
  CHECK(text(log.at("version")) == "1.2");
  members(log.at("creator").as_object(), {"name", "version"});
  std::set<std::string> ids;
  for (const auto& page : log.at("pages").as_array()) {
    members(page.as_object(), {"startedDateTime", "id", "title", "pageTimings"});
    time_and_zone(page.at("startedDateTime"));
    CHECK(ids.insert(text(page.at("id"))).second);
  }
  for (const auto& entry : log.at("entries").as_array()) {
    members(entry.as_object(), {"pageref", "startedDateTime", "time", "request", "response", "cache", "timings"});
    time_and_zone(entry.at("startedDateTime"));
    CHECK(ids.contains(text(entry.at("pageref"))));
    request(entry.at("request").as_object());
    response(entry.at("response").as_object());
    timings(entry.as_object());
  }
}

const json::object& entry(const json::object& whole, std::size_t index) {
  return whole.at("log").at("entries").at(index).as_object();
}

}  // namespace

TEST_CASE("every case is a valid archive with at least one entry", "[diagnosis][har]") {
  for (const auto& name : cases::names()) {
    INFO(name);
    const auto whole = har_of(name);
    har(whole);
    CHECK_FALSE(whole.at("log").at("entries").as_array().empty());
  }
}

TEST_CASE("a handshake has an entry for each request, with times and the explanation where it failed",
          "[diagnosis][har]") {
  const auto whole = har_of("credential-rejected-token-server");
  REQUIRE(whole.at("log").at("entries").as_array().size() == 2);
  const auto& probe = entry(whole, 0);
  CHECK(text(probe.at("request").at("url")) == "https://registry.test:5443/v2/");
  CHECK(probe.at("response").at("status") == 401);
  CHECK(probe.at("time") == 9);
  CHECK(text(probe.at("_regpass").at("role")) == "probe");
  CHECK_FALSE(probe.at("_regpass").as_object().contains("explanation"));

  const auto& token = entry(whole, 1);
  CHECK(text(token.at("request").at("url")) ==
        "https://auth.test/token?service=tb-registry&scope=repository:team-a/app:pull,push");
  CHECK(json::serialize(token.at("request").at("headers")).find(R"("Basic ***")") != std::string::npos);
  CHECK(token.at("response").at("status") == 401);
  CHECK(text(token.at("response").at("content").at("text")) == "incorrect username or password");
  CHECK(token.at("time") == 22);
  CHECK(text(token.at("_regpass").at("explanation").at("cause")) == "credential-rejected");
  CHECK(text(token.at("_regpass").at("credential").at("source")) == "/run/secrets/regpass/config.json");
  CHECK(text(token.at("_regpass").at("scope").at("requested")) == "repository:team-a/app:pull,push");
}

TEST_CASE("connection setup is part of the entry that needed it", "[diagnosis][har]") {
  evidence e;
  e.id = "1";
  e.registry = "docker.io";
  e.began_at = parse_rfc3339("2026-08-01T17:55:03.000Z");
  sent_step sent;
  sent.request = "GET /v2/library/debian/manifests/12?X=***";
  sent.authorization = authorization_kind::bearer;
  sent.http = "2";
  sent.resolve_ms = 3;
  sent.connect_ms = 20;
  sent.tls_ms = 15;
  add(e, 40, sent);
  answered_step answered;
  answered.status = 200;
  add(e, 100, answered);
  const std::vector<evidence> all{e};
  const auto whole = to_har(all);
  har(whole);
  const auto& made = entry(whole, 0);
  CHECK(text(made.at("startedDateTime")) == "2026-08-01T17:55:03.002Z");
  CHECK(made.at("time") == 98);
  CHECK(json::serialize(made.at("timings")) ==
        R"({"blocked":-1,"dns":3,"connect":35,"ssl":15,"send":0,"wait":60,"receive":0})");
  CHECK(text(made.at("request").at("url")) == "https://registry-1.docker.io/v2/library/debian/manifests/12?X=***");
  CHECK(text(made.at("request").at("httpVersion")) == "HTTP/2");
}

TEST_CASE("a token request by POST has its form, with masked secrets", "[diagnosis][har]") {
  evidence e;
  e.id = "1";
  e.registry = "registry.test";
  add(e, 2, realm_step{"https://auth.test/token", true, "", ""});
  token_request_step asked;
  asked.method = "POST";
  asked.realm = "https://auth.test/token";
  asked.service = "a registry";
  asked.scope = "repository:a:pull repository:b:pull";
  asked.credential = "identity_token";
  add(e, 7, asked);
  failed_step failed;
  failed.problem = error(errc::refused, party::token_server, phase::connect, "connection refused");
  token_answer_step none;
  none.failure = auth::token_failure::kind::transport;
  add(e, 7, none);
  add(e, 7, failed);
  const std::vector<evidence> all{e};
  const auto whole = to_har(all);
  har(whole);
  REQUIRE(whole.at("log").at("entries").as_array().size() == 1);
  const auto& made = entry(whole, 0);
  CHECK(text(made.at("request").at("postData").at("text")) ==
        "service=a%20registry&scope=repository:a:pull%20repository:b:pull&client_id=regpass&grant_type=refresh_token&"
        "refresh_token=***");
  CHECK(made.at("response").at("status") == 0);
  CHECK(made.at("time") == 5);  // since the step before: both are written down when the answer is there
  CHECK(text(made.at("_regpass").at("error")).find("refused") != std::string::npos);
  CHECK(text(made.at("startedDateTime")) == "1970-01-01T00:00:00.002Z");
}

TEST_CASE("a redirect has its target", "[diagnosis][har]") {
  evidence e;
  e.id = "1";
  e.registry = "registry.test";
  sent_step sent;
  sent.request = "GET /v2/a/blobs/sha256:12";
  add(e, 0, sent);
  answered_step answered;
  answered.status = 307;
  answered.location = "https://storage.test/12?X-Amz-Signature=***";
  add(e, 1, answered);
  const std::vector<evidence> all{e};
  const auto whole = to_har(all);
  har(whole);
  CHECK(text(entry(whole, 0).at("response").at("redirectURL")) == answered.location);
}

TEST_CASE("an empty archive is valid", "[diagnosis][har]") {
  const auto whole = to_har({});
  har(whole);
  CHECK(whole.at("log").at("entries").as_array().empty());
}

}  // namespace regpass::diagnosis
