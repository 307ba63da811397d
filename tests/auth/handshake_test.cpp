// What holds for every handshake, whatever comes: it ends within its bounds. The table's rows are in
// handshake_registry_test.cpp and handshake_token_test.cpp.
#include "auth/handshake.hpp"

#include "playbooks.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

namespace regpass::auth {
namespace {

// What may come as the answer to an action, in playbook form.
const std::vector<std::string> responses{
    "200",
    "401",
    "403",
    R"(401 Bearer realm="https://r.test/token",service="s")",
    R"(401 Bearer realm="https://r.test/token",service="other")",
    R"(401 Bearer realm="https://evil.test/token")",
    R"(401 Basic realm="x")",
    R"(401 (body started) Bearer realm="https://r.test/token",service="s")",
};
// One of each kind that the machine treats alike.
const std::vector<std::string> answers{"token", "token granted", "token failed rejected", "token failed wrong_form",
                                       "token failed transport"};

int most_sends = 0;
int most_token_requests = 0;

// Counts what a handshake does, and judges it.
struct tally {
  int sends = 0;
  int token_requests = 0;
  int probes = 0;
  bool body_started = false;

  static bool ended(std::string_view order) { return order.contains("deliver") || order.contains("refuse"); }
  void count(std::string_view order) {
    const bool sent = order.contains("send");
    if (sent && body_started) FAIL_CHECK("a body that has started is sent again");
    sends += sent ? 1 : 0;
    token_requests += order.contains("ask_token") ? 1 : 0;
    probes += order.contains("probe") ? 1 : 0;
    if (sends > 3 || token_requests > 6 || probes > 1) FAIL_CHECK("beyond the bounds");
    most_sends = std::max(most_sends, sends);
    most_token_requests = std::max(most_token_requests, token_requests);
  }
};

const std::vector<std::string>& fitting(std::string_view order) {
  return order.contains("ask_token") ? answers : responses;
}

// A probe carries no body, so the client's cannot have started by it.
bool starts_body(std::string_view order, std::string_view event) {
  return order.contains("send") && event.contains("body started");
}

std::size_t paths = 0;

// Every sequence of events from here on.
void explore(const playbook& book, const std::string& order, tally so_far, int depth) {
  so_far.count(order);
  if (so_far.ended(order)) {
    ++paths;
    return;
  }
  if (depth >= 10) FAIL("no end");
  for (const auto& event : fitting(order)) {
    auto next = book;
    auto then = so_far;
    then.body_started = then.body_started || starts_body(order, event);
    explore(next, next.happens(event), then, depth + 1);
  }
}

std::vector<handshake_input> every_start() {
  using change = void (*)(handshake_input&);
  const auto nothing = [](handshake_input&) {};
  const auto partly = [](handshake_input& in) { with_token_granted(in, "repository:x/y:pull"); };
  const auto several = [](handshake_input& in) { with_token_asked(in, "repository:a/b:pull repository:c/d:pull"); };
  const auto pushing = [](handshake_input& in) { in.need = scopes("repository:a/b:pull,push"); };
  const auto passing = [](handshake_input& in) {
    in.mode = injection::add;
    in.client_authorization = true;
  };
  const std::vector<std::vector<change>> choices{
      {nothing, anonymous, with_identity_token, with_ready_token},
      {nothing, with_token, partly, several, knows_bearer, knows_basic, passing},
      {nothing, with_body},
      {nothing, pushing}};
  std::vector<handshake_input> all{plain_case()};
  for (const auto& choice : choices) {
    std::vector<handshake_input> more;
    for (const auto& in : all) {
      for (const auto& apply : choice) apply(more.emplace_back(in));
    }
    all = std::move(more);
  }
  return all;
}

std::vector<std::string> events_of(std::string_view script) {
  std::vector<std::string> events;
  std::istringstream lines{tidy(script)};
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(">> ")) events.push_back(line.substr(3));
  }
  return events;
}

// Plays the first `good` events as written, then only `bad` ones.
void sweep(const scene& one, std::size_t good, const std::string& bad_response, const std::string& bad_answer) {
  auto input = plain_case();
  one.set(input);
  playbook book(input);
  const auto events = events_of(one.script);
  tally counted;
  auto order = book.begin();
  counted.count(order);
  for (std::size_t step = 0; !counted.ended(order); ++step) {
    if (step >= 10) FAIL("no end");
    const auto bad = order.contains("ask_token") ? bad_answer : bad_response;
    const auto event = step < good ? events.at(step) : bad;
    counted.body_started = counted.body_started || starts_body(order, event);
    order = book.happens(event);
    counted.count(order);
  }
}

}  // namespace

TEST_CASE("T14: every playbook ends within its bounds, whichever step of it fails") {
  auto scenes = registry_scenes();
  std::ranges::copy(token_scenes(), std::back_inserter(scenes));
  std::ranges::copy(learned_scenes(), std::back_inserter(scenes));
  for (const auto& one : scenes) {
    CAPTURE(one.name);
    for (std::size_t good = 0; good <= events_of(one.script).size(); ++good) {
      for (const auto& response : responses) {
        for (const auto& answer : answers) sweep(one, good, response, answer);
      }
    }
  }
}

TEST_CASE("T14: from every start every sequence of events ends within three sends and six token requests") {
  paths = 0;
  for (const auto& input : every_start()) {
    playbook book(input);
    const auto order = book.begin();
    explore(book, order, {}, 0);
  }
  CHECK(paths > 5'000);  // else the exploration is broken
  CHECK(most_sends == 3);
  CHECK(most_token_requests == 6);
}

TEST_CASE("T09: no sequence of events asks a realm that was not decided on") {
  auto input = plain_case();
  handshake machine(input);
  machine.start();
  CHECK_FALSE(machine.realm());
  const auto next = machine.on_response(401, requirement_in(R"(Bearer realm="https://evil.test/token")"), true, false);
  CHECK(std::get<refuse>(next).status == 403);
  REQUIRE(machine.realm());
  CHECK_FALSE(machine.realm()->allowed);
  CHECK(machine.realm()->config_line == R"(realms = ["https://evil.test/token"])");
}

TEST_CASE("the challenge is learned for next time, even when it could not be answered") {
  playbook book(plain_case());
  book.play(">> 401 Bearer realm=\"https://r.test/token\",service=\"s\"");
  REQUIRE(book.machine().learned());
  CHECK(book.machine().learned()->realm == "https://r.test/token");
  auto input = plain_case();
  with_body(input);
  playbook late(input);
  late.play(">> 200\n>> 401 (body started) Bearer realm=\"/token\"");
  CHECK(late.machine().learned()->realm == "/token");
  playbook none(plain_case());
  none.play(">> 200");
  CHECK_FALSE(none.machine().learned());
}

TEST_CASE("whoever looks at a realm finds the challenge that named it") {
  auto input = plain_case();
  input.known = requirement_in(R"(Bearer realm="https://evil.test/token",service="s")");
  handshake machine(input);
  CHECK(std::get<send>(machine.start()).how == send::with::bare);
  const auto next = machine.on_response(401, input.known, true, false);
  CHECK(std::get<refuse>(next).status == 403);
  REQUIRE(machine.realm());
  REQUIRE(machine.learned());
  CHECK(machine.learned()->realm == "https://evil.test/token");
}

TEST_CASE("A7: a token that was refused when it was fresh is not replaced while that is remembered") {
  auto input = plain_case();
  with_token(input);
  for (const auto challenge : {R"(Bearer realm="https://r.test/token",service="s")", R"(Basic realm="r")",
                               R"(Bearer realm="https://r.test/token",service="other")"}) {
    CAPTURE(challenge);
    handshake machine(input);
    machine.start();
    machine.keep_cached();
    CHECK(std::holds_alternative<deliver>(machine.on_response(401, requirement_in(challenge), true, false)));
  }
}

TEST_CASE("a Basic challenge to a cached token is not taken for the one that names the realm") {
  auto input = plain_case();
  input.known = requirement_in(R"(Bearer realm="https://r.test/token",service="s")");
  input.cached = std::make_shared<token>();
  handshake machine(input);
  machine.start();
  const auto next = machine.on_response(401, requirement_in(R"(Basic realm="harbor")"), true, false);
  REQUIRE(std::holds_alternative<ask_token>(next));
  CHECK(machine.learned()->realm == "https://r.test/token");
}

TEST_CASE("a server that honours one scope of several is asked for the one that is needed alone, once") {
  auto input = plain_case();
  input.need = scopes("repository:a/b:pull,push repository:c/d:pull");
  input.known = requirement_in(bearer_challenge);
  handshake machine(input);
  machine.start();
  const auto honoured = [](std::string_view scope) {
    auto made = std::make_shared<token>();
    made->granted = scopes(scope);
    return token_answer{made, std::nullopt};
  };
  machine.narrow(scopes("repository:a/b:pull,push"));  // the mount became an upload
  SECTION("the last one") {
    const auto next = machine.on_token(honoured("repository:a/b:pull,push"));
    CHECK(std::holds_alternative<send>(next));
  }
  SECTION("the first one") {
    const auto next = machine.on_token(honoured("repository:c/d:pull"));
    CHECK(to_text(std::get<ask_token>(next).request.scopes) == "repository:a/b:pull,push");
    SECTION("which helps") {
      CHECK(std::holds_alternative<send>(machine.on_token(honoured("repository:a/b:pull,push"))));
    }
    SECTION("which does not") {
      CHECK(std::holds_alternative<send>(machine.on_token(honoured("repository:a/b:pull"))));
    }
  }
}

TEST_CASE("a token request carries the credential that was chosen, and the realm's canonical form") {
  auto input = plain_case();
  handshake machine(input);
  machine.start();
  const auto next = machine.on_response(401, requirement_in(R"(Bearer realm="token?a=b")"), true, false);
  const auto& request = std::get<ask_token>(next).request;
  CHECK(request.credential == input.credential);
  CHECK(http::to_text(request.realm.origin) + request.realm.target == "https://r.test/v2/token?a=b");
}

}  // namespace regpass::auth
