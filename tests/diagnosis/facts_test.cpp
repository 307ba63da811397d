#include "diagnosis/causes/facts.hpp"

#include <catch2/catch.hpp>

#include <limits>

namespace regpass::diagnosis {
namespace {

constexpr std::int64_t began_s = 1785607200;

answered_step answer(int status) {
  answered_step a;
  a.status = status;
  a.api_version = true;
  return a;
}

sent_step sent(authorization_kind authorization, bool probe = false) {
  return sent_step{"GET /v2/", authorization, probe, false};
}

failed_step failure(errc code, party who, phase when = phase::head) {
  error e;
  e.code = code;
  e.who = who;
  e.when = when;
  return failed_step{e};
}

evidence refused() {
  evidence e;
  e.status = 403;
  e.method = "GET";
  e.path = "/v2/x/manifests/1";
  e.began_at = wall_time(std::chrono::seconds(began_s));
  e.needed.add(registry::repository_scope("x", {"pull", "push"}));
  return e;
}

auth::claims claims_until(std::int64_t exp) {
  auth::claims c;
  c.expires_at = exp;
  return c;
}

TEST_CASE("the last step determines who decided") {
  auto e = refused();
  add(e, 0, sent(authorization_kind::none));
  add(e, 1, answer(401));
  CHECK(derive(e).decided_by == speaker::registry);
  add(e, 2, realm_step{"https://auth.test/token", false, "foreign", ""});
  CHECK(derive(e).decided_by == speaker::regpass);
  e.steps.pop_back();
  add(e, 2, realm_step{"https://auth.test/token", true, "", ""});
  add(e, 2, token_request_step{"GET", "https://auth.test/token", "", "", authorization_kind::basic});
  add(e, 3, token_answer_step{401, auth::token_failure::kind::rejected, "", {}, {}, 0});
  CHECK(derive(e).decided_by == speaker::token_server);
  add(e, 4, token_answer_step{200, {}, "", {}, {}, 60});
  add(e, 5, sent(authorization_kind::bearer));
  add(e, 6, answer(403));
  const auto f = derive(e);
  CHECK(f.decided_by == speaker::registry);
  CHECK(f.sent_authorization == authorization_kind::bearer);
  REQUIRE(f.last_answer != nullptr);
  CHECK(f.last_answer->status == 403);
  CHECK(f.refused_realm == nullptr);
}

TEST_CASE("the answer to a probe is not the answer to the client's request") {
  auto e = refused();
  add(e, 0, sent(authorization_kind::none, true));
  add(e, 1, answer(401));
  CHECK(derive(e).last_answer == nullptr);
  add(e, 2, sent(authorization_kind::none));
  add(e, 3, answer(403));
  REQUIRE(derive(e).last_answer != nullptr);
  CHECK(derive(e).last_answer->status == 403);
}

TEST_CASE("an HTML page without a sign of the registry API comes from an intermediary") {
  struct row {
    bool api_version;
    bool errors;
    bool challenge;
    std::string content_type;
    speaker expected;
  };
  const std::vector<row> rows{{false, false, false, "text/html", speaker::intermediary},
                              {false, false, false, "Text/HTML; charset=utf-8", speaker::intermediary},
                              {true, false, false, "text/html", speaker::registry},
                              {false, true, false, "text/html", speaker::registry},
                              {false, false, true, "text/html", speaker::registry},
                              {false, false, false, "application/json", speaker::registry},
                              {false, false, false, "", speaker::registry}};
  for (const auto& row : rows) {
    auto a = answer(403);
    a.api_version = row.api_version;
    if (row.errors) a.errors = {{"DENIED", "", ""}};
    if (row.challenge) a.challenges = {"Basic realm=\"r\""};
    a.content_type = row.content_type;
    auto e = refused();
    add(e, 0, sent(authorization_kind::none));
    add(e, 1, a);
    CHECK(derive(e).decided_by == row.expected);
  }
}

TEST_CASE("the missing scope is the needed scope minus the granted scope, if that is known") {
  auto e = refused();
  add(e, 0, token_answer_step{200, {}, "", "repository:x:pull", {}, 60});
  CHECK(to_text(derive(e).lacking) == "repository:x:push");
  add(e, 1, token_answer_step{200, {}, "", {}, {}, 60});
  CHECK(!derive(e).granted);
  CHECK(derive(e).lacking.empty());
  auto c = claims_until(1);
  c.access = registry::scope_set(registry::repository_scope("x", {"push"}));
  add(e, 2, token_answer_step{200, {}, "", {}, c, 60});
  CHECK(to_text(derive(e).lacking) == "repository:x:pull");
  add(e, 3, cached_token_step{"", "repository:x:pull,push", 60, {}});
  CHECK(derive(e).granted);
  CHECK(derive(e).lacking.empty());
}

TEST_CASE("a refused credential stays the reason if the anonymous request is refused as well") {
  auto e = refused();
  add(e, 0, token_request_step{"GET", "https://auth.test/token", "", "", authorization_kind::basic});
  add(e, 1, token_answer_step{401, auth::token_failure::kind::rejected, "wrong password", {}, {}, 0});
  add(e, 2, token_request_step{"GET", "https://auth.test/token", "", "", authorization_kind::none});
  auto failed = e;
  add(failed, 3, token_answer_step{0, auth::token_failure::kind::transport, "", {}, {}, 0});
  add(failed, 3, failure(errc::timed_out, party::token_server));
  add(e, 3, token_answer_step{200, {}, "", {}, {}, 60});
  add(e, 4, sent(authorization_kind::bearer));
  auto absent = e;
  add(e, 5, answer(401));
  for (const auto* one : {&e, &failed}) {
    const auto f = derive(*one);
    CHECK(f.decided_by == speaker::token_server);
    REQUIRE(f.token_answer != nullptr);
    CHECK(f.token_answer->failure == auth::token_failure::kind::rejected);
    CHECK(f.failure == nullptr);
  }
  add(absent, 5, answer(404));
  CHECK(derive(absent).decided_by == speaker::registry);
  CHECK(derive(absent).last_answer->status == 404);
}

TEST_CASE("a refused Basic credential stays the reason if the anonymous request is refused as well") {
  auto e = refused();
  add(e, 0, sent(authorization_kind::basic));
  add(e, 1, answer(401));
  add(e, 2, sent(authorization_kind::none));
  add(e, 3, answer(403));
  CHECK(derive(e).sent_authorization == authorization_kind::basic);
  REQUIRE(derive(e).last_answer != nullptr);
  CHECK(derive(e).last_answer->status == 401);
}

TEST_CASE("a failure during a token request belongs to the token server") {
  auto e = refused();
  add(e, 0, token_request_step{"GET", "https://auth.test/token", "", "", authorization_kind::basic});
  add(e, 1, failure(errc::timed_out, party::intermediary));
  CHECK(derive(e).failure_at_token_server);
  CHECK(derive(e).decided_by == speaker::nobody);
  auto later = refused();
  add(later, 0, token_answer_step{200, {}, "", {}, {}, 60});
  add(later, 1, sent(authorization_kind::bearer));
  add(later, 2, failure(errc::timed_out, party::registry));
  CHECK(!derive(later).failure_at_token_server);
}

TEST_CASE("an invalid request was refused by regpass, a disconnected client by nobody") {
  const std::vector<std::pair<errc, speaker>> rows{
      {errc::bad_message, speaker::regpass}, {errc::too_large, speaker::regpass}, {errc::unsupported, speaker::regpass},
      {errc::wrong_name, speaker::regpass},  {errc::denied, speaker::regpass},    {errc::closed, speaker::nobody},
      {errc::reset, speaker::nobody},        {errc::truncated, speaker::nobody},  {errc::distrusted, speaker::nobody},
      {errc::timed_out, speaker::nobody},    {errc::cancelled, speaker::nobody}};
  for (const auto& [code, expected] : rows) {
    INFO(name_of(code));
    auto e = refused();
    add(e, 0, failure(code, party::client));
    CHECK(derive(e).decided_by == expected);
    CHECK(derive(e).failed);
  }
}

TEST_CASE("the time since expiry comes from the claims and our clock, otherwise from expires_in") {
  auto e = refused();
  add(e, 1000, token_answer_step{200, {}, "", {}, claims_until(began_s - 100), 60});
  add(e, 1000, sent(authorization_kind::bearer));
  add(e, 5000, answer(401));
  CHECK(derive(e).token_over_s == 105);
  e.began_at.reset();
  CHECK(derive(e).token_over_s == 4 - 60);
  std::get<answered_step>(e.steps.back().step).status = 403;
  CHECK(!derive(e).token_over_s);
}

TEST_CASE("implausible untrusted numbers are ignored and overflow nothing") {
  constexpr auto most = std::numeric_limits<std::int64_t>::max();
  constexpr auto least = std::numeric_limits<std::int64_t>::min();
  for (const auto number : {most, least, most - 1, least + 1}) {
    auto e = refused();
    auto a = answer(401);
    a.clock_difference_s = number;
    add(e, number, token_answer_step{200, {}, "", {}, claims_until(number), number});
    add(e, number, a);
    const auto f = derive(e);
    CHECK(!f.clock_difference_s);
    CHECK(!f.token_over_s);
  }
}

}  // namespace
}  // namespace regpass::diagnosis
