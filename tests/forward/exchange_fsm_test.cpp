// What holds for every exchange, whatever happens: it ends within its bounds. Then each decision as a plain case.
#include "forward/exchange/exchange_fsm.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <tuple>
#include <vector>

namespace regpass::forward {
namespace {

using authorization = upstream_request::authorization;
using kind = upstream_request::kind;

constexpr std::string_view pull_scope = "repository:a/b:pull";
constexpr std::string_view push_scope = "repository:a/b:pull,push";
constexpr std::string_view mount_scope = "repository:a/b:pull,push repository:lib/base:pull";
const std::string digest = "sha256:" + std::string(64, 'a');

registry::scope_set scopes(std::string_view text) {
  return registry::parse_scopes(text).value();
}

auth::credential_ptr credential_of(auth::credential_kind type) {
  return std::make_shared<auth::credential>(auth::credential{.kind = type,
                                                             .username = "alice",
                                                             .value = secret("s3cret"),
                                                             .source = "config.json",
                                                             .key = "r.test",
                                                             .generation = 1});
}

const auth::credential_ptr password = credential_of(auth::credential_kind::basic);

auth::token_ptr token_for(std::string_view asked, std::string_view granted = {}) {
  auto token = std::make_shared<auth::token>();
  token->asked = scopes(asked);
  if (!granted.empty()) token->granted = scopes(granted);
  return token;
}

auth::token_ptr anonymous_token(std::string_view access) {
  auto token = std::make_shared<auth::token>();
  token->claims.emplace();
  token->claims->access = scopes(access);
  return token;
}

std::optional<auth::requirement> requirement_in(std::string_view challenge) {
  const auto all = auth::parse_challenges(challenge);
  return all ? auth::requirement_of(*all) : std::nullopt;
}

const auto bearer = requirement_in(R"(Bearer realm="https://r.test/token",service="s")");
const auto other_service = requirement_in(R"(Bearer realm="https://r.test/token",service="other")");
const auto other_realm = requirement_in(R"(Bearer realm="https://evil.test/token")");
const auto basic = requirement_in(R"(Basic realm="x")");

exchange_input case_of(std::string_view method, std::string_view target) {
  exchange_input input;
  auto operation = registry::parse_operation(method, target);
  if (operation) input.operation = std::move(*operation);
  input.method = method;
  input.user_agent = "containerd/2.0";
  input.registry_served = true;
  input.injection = auth::injection::replace;
  input.auth.credential = password;
  input.auth.registry = registry::parse_host("r.test").value();
  input.auth.realms.registry = {.scheme = "https", .host = "r.test", .port = 443};
  return input;
}

exchange_input pull() {
  return case_of("GET", "/v2/a/b/manifests/1");
}
exchange_input head_of_manifest() {
  return case_of("HEAD", "/v2/a/b/manifests/1");
}
exchange_input head_of_blob() {
  static const auto target = "/v2/a/b/blobs/" + digest;
  return case_of("HEAD", target);
}
exchange_input mount() {
  static const auto target = "/v2/a/b/blobs/uploads/?from=lib/base&mount=" + digest;
  return case_of("POST", target);
}
exchange_input push() {
  auto input = case_of("PUT", "/v2/a/b/manifests/1");
  input.auth.body = auth::body_state::unread;
  return input;
}

// Actions by their index in the variant, for messages and buckets.
template <class Action>
bool is(const exchange_action& next) {
  return std::holds_alternative<Action>(next);
}

bool is_last(const exchange_action& next) {
  return is<write_error>(next) || is<postpone>(next) || is<abort_client>(next);
}

// The most that can happen from some state on.
struct tally {
  int sent = 0;
  int probes = 0;
  int reasons = 0;
  int token_requests = 0;
  int stripped = 0;
  int distinct_reasons = 0;  // without repetitions
  int distinct_probes = 0;

  void at_least(const tally& other) {
    for (const auto member : {&tally::sent, &tally::probes, &tally::reasons, &tally::token_requests, &tally::stripped,
                              &tally::distinct_reasons, &tally::distinct_probes}) {
      this->*member = std::max(this->*member, other.*member);
    }
  }
};

std::vector<upstream_response> responses(const exchange_fsm& machine, bool with_body) {
  std::vector<upstream_response> list;
  for (const int status : {200, 401, 403, 503}) list.push_back({.status = status});
  for (const auto& wants : {bearer, other_service, other_realm, basic}) {
    list.push_back({.status = 401, .wants = wants, .challenged = true});
  }
  const auto plain = list.size();
  for (std::size_t i = 0; i < plain && with_body; ++i) {
    list.push_back(list[i]);
    list.back().transfer.body_started = true;
    list.push_back(list[i]);
    list.back().transfer.body_withheld = true;
  }
  if (machine.cached_token()) {
    const auto all = list.size();
    for (std::size_t i = 0; i < all; ++i) {
      if (list[i].status != 401 && list[i].status != 403) continue;
      list.push_back(list[i]);
      list.back().cached_refused_when_fresh = true;
    }
  }
  return list;
}

std::vector<upstream_failure_event> failures(bool with_body) {
  std::vector<upstream_failure_event> list{
      {.status = 504},
      {.status = 503, .dropped = true},
      {.status = 503, .unprocessed = true},
      {.status = 503, .transfer = {.client_gone = true}},
      {.status = 502, .transfer = {.client_malformed = true}},
  };
  if (!with_body) return list;
  list.push_back({.status = 503, .dropped = true, .transfer = {.body_started = true}});
  list.push_back({.status = 503, .unprocessed = true, .transfer = {.body_started = true}});
  list.push_back({.status = 503, .unprocessed = true, .transfer = {.body_withheld = true}});
  return list;
}

std::vector<lookup_result> lookups() {
  static const std::vector<lookup_result> list{
      {},
      {.known = bearer},
      {.known = other_realm},
      {.known = basic},
      {.known = basic, .credential_refused = true},
      {.known = bearer, .cached = token_for(pull_scope)},
      {.known = bearer, .cached = token_for(mount_scope), .renewal_due = true},
      {.known = bearer, .cached = token_for(mount_scope, push_scope)},
      {.known = bearer, .cached = token_for(push_scope, pull_scope)},
  };
  return list;
}

std::vector<auth::token_answer> token_answers(bool for_login) {
  static const auto failed = [](auth::token_failure::kind what) {
    auth::token_failure failure;
    failure.what = what;
    return auth::token_answer{nullptr, failure};
  };
  using failure = auth::token_failure::kind;
  static const std::vector<auth::token_answer> login{{anonymous_token(pull_scope), std::nullopt},
                                                     {anonymous_token(""), std::nullopt},
                                                     {token_for(pull_scope), std::nullopt},
                                                     failed(failure::rejected)};
  static const std::vector<auth::token_answer> usual{{token_for(mount_scope), std::nullopt},
                                                     {token_for(mount_scope, pull_scope), std::nullopt},
                                                     {token_for(mount_scope, push_scope), std::nullopt},
                                                     failed(failure::rejected),
                                                     failed(failure::wrong_form),
                                                     failed(failure::transport)};
  return for_login ? login : usual;
}

// Walks every sequence of events. States that were reached before are not walked again.
class walk {
 public:
  explicit walk(const exchange_input& input)
      : observes_(!input.registry_served || input.build_step || input.injection == auth::injection::observe),
        with_body_(input.auth.body == auth::body_state::unread) {
    exchange_fsm machine(input);
    auto next = machine.start();
    most = explore(std::move(machine), next, false);
  }

  tally most;
  std::size_t states = 0;

 private:
  struct visited {
    exchange_fsm machine;
    bool body_started;
    bool finished = false;
    tally most{};
  };

  tally explore(exchange_fsm machine, const exchange_action& next, bool body_started) {
    tally here;
    const auto updates = machine.take_updates();
    if (updates && updates->stripped_mount) ++here.stripped;
    judge(machine, next, body_started);
    count(here, next);
    if (is_last(next)) return here;
    auto& bucket = seen_[key_of(machine, next, body_started)];
    for (const auto& entry : bucket) {
      if (!(entry->machine == machine)) continue;
      if (!entry->finished) FAIL("a state is reached again: the exchange need not end");
      return plus(here, entry->most);
    }
    ++states;
    bucket.push_back(std::make_unique<visited>(visited{machine, body_started}));
    auto& entry = *bucket.back();
    entry.most = follow(machine, next, body_started);
    entry.finished = true;
    return plus(here, entry.most);
  }

  // Cheap to compare; machines that differ may have the same.
  using key = std::tuple<std::size_t, bool, int, const void*, cache_use, bool, const void*>;
  static key key_of(const exchange_fsm& machine, const exchange_action& next, bool body_started) {
    const auto* request = std::get_if<upstream_request>(&next);
    const auto* order = std::get_if<obtain_token>(&next);
    int detail = 0;
    if (request != nullptr) {
      detail = static_cast<int>(request->what) * 16 + static_cast<int>(request->how) * 2 + (request->repeated ? 1 : 0);
    } else if (order != nullptr) {
      detail = static_cast<int>(order->request.how) * 2 + (order->request.credential ? 1 : 0);
    }
    const void* token = request != nullptr ? request->token.get() : nullptr;
    return {next.index(),
            body_started,
            detail,
            token,
            machine.cache(),
            machine.credential_skipped(),
            machine.cached_token().get()};
  }

  tally follow(const exchange_fsm& machine, const exchange_action& next, bool body_started) {
    tally rest;
    const auto step = [&](auto&& event, bool started = false) {
      auto copy = machine;
      const auto then = event(copy);
      rest.at_least(explore(std::move(copy), then, body_started || started));
    };
    if (const auto* request = std::get_if<upstream_request>(&next)) {
      const bool with_body = with_body_ && request->what == kind::client_request;
      for (const auto& response : responses(machine, with_body)) {
        step([&](exchange_fsm& copy) { return copy.on_response(response); }, response.transfer.body_started);
      }
      for (const auto& failure : failures(with_body)) {
        step([&](exchange_fsm& copy) { return copy.on_failure(failure); }, failure.transfer.body_started);
      }
    } else if (is<look_up>(next)) {
      for (const auto& found : lookups()) step([&](exchange_fsm& copy) { return copy.on_lookup(found); });
    } else if (const auto* order = std::get_if<obtain_token>(&next)) {
      for (const auto& answer : token_answers(order->for_login)) {
        step([&](exchange_fsm& copy) { return copy.on_token(answer); });
      }
    } else if (is<read_body>(next)) {
      step([](exchange_fsm& copy) { return copy.on_body_read(); });
    } else if (is<diagnose>(next)) {
      for (const bool explained : {true, false}) {
        step([&](exchange_fsm& copy) { return copy.on_diagnosed(explained); });
      }
    } else if (!std::get<relay>(next).without_body) {
      for (const auto& failure : failures(false)) step([&](exchange_fsm& copy) { return copy.on_failure(failure); });
    }
    return rest;
  }

  void judge(const exchange_fsm& machine, const exchange_action& next, bool body_started) const {
    const auto* request = std::get_if<upstream_request>(&next);
    const bool for_client = request != nullptr && request->what == kind::client_request;
    if (for_client && body_started) FAIL("a body that has started is sent again");
    const bool ours =
        request != nullptr && (request->how == authorization::basic || request->how == authorization::bearer);
    if (observes_ && (ours || is<obtain_token>(next))) FAIL("a credential is used for a request that is only observed");
    if (observes_ && machine.answers_for_registry()) FAIL("regpass answers for what it only observes");
    const auto* relayed = std::get_if<relay>(&next);
    if (relayed != nullptr && relayed->status == 401 && machine.answers_for_registry()) FAIL("a 401 gets through");
    const auto* refusal = std::get_if<write_error>(&next);
    if (refusal != nullptr && (refusal->status < 400 || refusal->status == 401)) FAIL("not a refusal");
  }

  static void count(tally& here, const exchange_action& next) {
    if (is<obtain_token>(next)) ++here.token_requests;
    const auto* request = std::get_if<upstream_request>(&next);
    if (request == nullptr) return;
    const int first = request->repeated ? 0 : 1;
    if (request->what == kind::client_request) ++here.sent;
    if (request->what == kind::probe) {
      ++here.probes;
      here.distinct_probes += first;
    }
    if (request->what == kind::reason) {
      ++here.reasons;
      here.distinct_reasons += first;
    }
  }

  static tally plus(tally a, const tally& b) {
    for (const auto member : {&tally::sent, &tally::probes, &tally::reasons, &tally::token_requests, &tally::stripped,
                              &tally::distinct_reasons, &tally::distinct_probes}) {
      a.*member += b.*member;
    }
    return a;
  }

  bool observes_;
  bool with_body_;
  std::map<key, std::vector<std::unique_ptr<visited>>> seen_;
};

tally most_of(const std::vector<exchange_input>& inputs) {
  tally most;
  std::size_t states = 0;
  for (const auto& input : inputs) {
    const walk walked(input);
    states += walked.states;
    most.at_least(walked.most);
  }
  CHECK(states > inputs.size());
  return most;
}

void check(const tally& most, const exchange_bounds& bounds) {
  CHECK(most.sent == bounds.sent);
  CHECK(most.probes == bounds.probes);
  CHECK(most.reasons == bounds.reasons);
  CHECK(most.token_requests == bounds.token_requests);
  CHECK(most.distinct_reasons == bounds.reasons / 2);
}

}  // namespace

TEST_CASE("exchange bounds: a pull is sent six times at most, and a refused HEAD is asked for its reason once") {
  std::vector<exchange_input> inputs{head_of_manifest(), head_of_manifest()};
  inputs.back().auth.credential = nullptr;
  const auto most = most_of(inputs);
  check(most, pull_bounds);
  CHECK(most.stripped == 0);
}

TEST_CASE("exchange bounds: a mount is stripped once, and gets a second handshake") {
  const auto most = most_of({mount()});
  check(most, mount_bounds);
  CHECK(most.stripped == 1);
}

TEST_CASE("exchange bounds: a request with a body is not sent again once the body has started") {
  const auto most = most_of({push()});
  check(most, body_bounds);
}

TEST_CASE("exchange bounds: add mode adds a probe and an anonymous token request") {
  auto input = head_of_manifest();
  input.injection = auth::injection::add;
  const auto most = most_of({input});
  check(most, add_bounds);
}

TEST_CASE("exchange bounds: in observe mode nothing but the client's request is sent") {
  std::vector<exchange_input> inputs;
  for (auto input : {pull(), head_of_manifest(), mount(), push()}) {
    input.injection = auth::injection::observe;
    inputs.push_back(input);
    input.injection = auth::injection::replace;
    input.build_step = true;
    inputs.push_back(input);
    input.build_step = false;
    input.registry_served = false;
    input.operation.reset();
    inputs.push_back(input);
  }
  const auto most = most_of(inputs);
  CHECK(most.sent == 2);
  CHECK(most.probes == 0);
  CHECK(most.token_requests == 0);
  CHECK(most.stripped == 0);
  CHECK(most.distinct_reasons == 1);
}

namespace {

// A machine that was started and whose lookup found nothing.
exchange_fsm sent_bare(exchange_input input) {
  exchange_fsm machine(std::move(input));
  REQUIRE(is<look_up>(machine.start()));
  REQUIRE(is<upstream_request>(machine.on_lookup({})));
  return machine;
}

// A machine whose request was answered with `status`, up to the diagnosis.
exchange_fsm refused(exchange_input input, int status) {
  auto machine = sent_bare(std::move(input));
  auto next = machine.on_response({.status = status});
  if (is<upstream_request>(next)) next = machine.on_response({.status = status});  // a transient 5xx, repeated
  REQUIRE(is<read_body>(next));
  next = machine.on_body_read();
  if (is<upstream_request>(next)) next = machine.on_failure({});
  REQUIRE(is<diagnose>(next));
  CHECK(std::get<diagnose>(next).status == status);
  return machine;
}

}  // namespace

TEST_CASE("a request that is refused beforehand is not sent") {
  auto input = pull();
  input.refused_status = 403;
  exchange_fsm machine(input);
  const auto next = machine.start();
  REQUIRE(is<diagnose>(next));
  CHECK(std::get<diagnose>(next).status == 403);
  CHECK(std::get<write_error>(machine.on_diagnosed(true)).explained);
}

TEST_CASE("a GET is repeated once after a dropped connection or a transient 5xx, on a new connection") {
  auto machine = sent_bare(pull());
  const bool responds = GENERATE(true, false);
  const auto again = responds ? machine.on_response({.status = 503}) : machine.on_failure({.dropped = true});
  REQUIRE(is<upstream_request>(again));
  CHECK(std::get<upstream_request>(again).repeated);
  CHECK((std::get<upstream_request>(again).delay.count() > 0) == responds);
  CHECK_FALSE(is<upstream_request>(machine.on_failure({.dropped = true})));
}

TEST_CASE("a POST is repeated only if the registry did not process it") {
  auto machine = sent_bare(case_of("POST", "/v2/a/b/blobs/uploads/"));
  const bool unprocessed = GENERATE(true, false);
  const auto next = machine.on_failure({.dropped = true, .unprocessed = unprocessed});
  CHECK(is<upstream_request>(next) == unprocessed);
}

TEST_CASE("a mount that the registry refuses becomes an upload, once") {
  auto machine = sent_bare(mount());
  REQUIRE(is<look_up>(machine.on_response({.status = 403})));
  const auto updates = machine.take_updates();
  REQUIRE(updates);
  CHECK(updates->stripped_mount == "lib/base");
  CHECK(registry::to_text(machine.operation()->needed) == push_scope);
  CHECK(is<upstream_request>(machine.on_lookup({})));
  CHECK(is<read_body>(machine.on_response({.status = 403})));
  CHECK_FALSE(machine.take_updates());
}

TEST_CASE("a mount is stripped if the cached token lacks its source") {
  exchange_fsm machine(mount());
  machine.start();
  const auto next = machine.on_lookup({.known = bearer, .cached = token_for(mount_scope, push_scope)});
  CHECK(is<look_up>(next));
  CHECK(machine.take_updates()->stripped_mount);
  CHECK(machine.cache() == cache_use::none);
}

TEST_CASE("a mount that policy forbids is stripped before anything is sent") {
  auto input = mount();
  input.mount_refusal = "policy";
  exchange_fsm machine(input);
  machine.start();
  CHECK(machine.take_updates()->strip_reason == "policy");
  CHECK_FALSE(machine.operation()->mount_from);
}

TEST_CASE("a Basic credential that was refused before is skipped for a pull, and never for a push") {
  const bool pulls = GENERATE(true, false);
  exchange_fsm machine(pulls ? pull() : push());
  machine.start();
  const auto next = machine.on_lookup({.known = basic, .credential_refused = true});
  CHECK(machine.credential_skipped() == pulls);
  REQUIRE(is<upstream_request>(next));
  const auto& request = std::get<upstream_request>(next);
  CHECK(request.how == (pulls ? authorization::none : authorization::basic));
}

TEST_CASE("a pull that succeeds without the refused credential has it remembered as refused") {
  exchange_fsm machine(pull());
  machine.start();
  machine.on_lookup({.known = basic});
  machine.on_response({.status = 401, .wants = basic, .challenged = true});
  const auto next = machine.on_response({.status = 200});
  REQUIRE(is<relay>(next));
  CHECK(std::get<relay>(next).credential_refused);
  CHECK_FALSE(std::get<relay>(next).credential_accepted);
  CHECK(machine.credential_skipped());
}

TEST_CASE("a refused cached token is forgotten, unless another one would be no better") {
  const auto [granted, fresh, forgotten] = GENERATE(table<std::string, bool, bool>({
      {"", false, true},
      {"", true, false},
      {"repository:x/y:pull", false, false},
  }));
  const auto token = token_for(pull_scope, granted);
  exchange_fsm machine(pull());
  machine.start();
  machine.on_lookup({.known = bearer, .cached = token});
  upstream_response refusal{.status = 401, .wants = bearer, .challenged = true};
  refusal.cached_refused_when_fresh = fresh;
  const auto next = machine.on_response(refusal);
  const auto updates = machine.take_updates();
  CHECK((updates && updates->forget == token) == forgotten);
  CHECK(is<obtain_token>(next) == forgotten);
}

TEST_CASE("a token that replaces a refused one must be newer") {
  exchange_fsm machine(pull());
  machine.start();
  const auto token = token_for(pull_scope);
  machine.on_lookup({.known = bearer, .cached = token});
  const auto next = machine.on_response({.status = 401, .wants = bearer, .challenged = true});
  REQUIRE(is<obtain_token>(next));
  CHECK(std::get<obtain_token>(next).newer_than > token->obtained_at);
  CHECK(machine.cache() == cache_use::refreshed);
}

TEST_CASE("a realm that may not be asked is not learned") {
  auto machine = sent_bare(pull());
  const auto next = machine.on_response({.status = 401, .wants = other_realm, .challenged = true});
  CHECK(is<diagnose>(next));
  const auto updates = machine.take_updates();
  REQUIRE(updates);
  CHECK_FALSE(updates->learned);
  CHECK(updates->refused_realm->realm == "https://evil.test/token");
}

TEST_CASE("in add mode a challenge goes to a client whose anonymous token could be recognised") {
  auto input = pull();
  input.injection = auth::injection::add;
  exchange_fsm machine(input);
  REQUIRE(is<look_up>(machine.start()));
  const auto order = machine.on_lookup({.known = bearer});
  REQUIRE(is<obtain_token>(order));
  CHECK(std::get<obtain_token>(order).for_login);
  CHECK(std::get<obtain_token>(order).request.credential == nullptr);
  const bool recognised = GENERATE(true, false);
  const auto token = recognised ? anonymous_token("") : token_for(pull_scope);
  const auto next = machine.on_token({token, std::nullopt});
  CHECK(machine.client_goes_first() == recognised);
  CHECK(is<upstream_request>(next) == recognised);
  if (!recognised) return;
  CHECK(is<read_body>(machine.on_response({.status = 401, .wants = bearer, .challenged = true})));
  const auto last = machine.on_body_read();
  REQUIRE(is<relay>(last));
  CHECK_FALSE(std::get<relay>(last).hide_challenge);
}

TEST_CASE("a refused HEAD of a manifest or blob is asked for its reason by a GET") {
  const auto [input, status, asked] = GENERATE(table<exchange_input, int, bool>({
      {head_of_manifest(), 403, true},
      {head_of_blob(), 400, true},
      {head_of_manifest(), 404, false},
      {head_of_manifest(), 429, false},
      {pull(), 403, false},
  }));
  auto machine = sent_bare(input);
  REQUIRE(is<read_body>(machine.on_response({.status = status})));
  const auto next = machine.on_body_read();
  REQUIRE(is<upstream_request>(next) == asked);
  if (!asked) return;
  CHECK(std::get<upstream_request>(next).what == kind::reason);
  CHECK(is<diagnose>(machine.on_response({.status = 200})));
}

TEST_CASE("a refusal that the client would not print is postponed to its next request") {
  auto helm = case_of("HEAD", "/v2/a/b/manifests/" + digest);
  static const auto by_digest = "/v2/a/b/manifests/" + digest;
  helm.user_agent = "Helm/3";
  auto crane = case_of("GET", "/v2/");
  crane.user_agent = "crane/1 go-containerregistry/1";
  const auto [input, status, postponed] = GENERATE_COPY(table<exchange_input, int, int>({
      {case_of("GET", "/v2/"), 403, 200},
      {case_of("GET", "/v2/"), 504, 200},
      {crane, 403, 200},
      {crane, 504, 0},
      {head_of_blob(), 403, 404},
      {head_of_manifest(), 403, 0},
      {helm, 403, 404},
      {pull(), 403, 0},
      {head_of_blob(), 400, 0},
  }));
  auto machine = refused(input, status);
  auto silent = machine;
  const auto next = machine.on_diagnosed(true);
  REQUIRE(is<postpone>(next) == (postponed != 0));
  if (postponed != 0) CHECK(std::get<postpone>(next).status == postponed);
  CHECK_FALSE(is<postpone>(silent.on_diagnosed(false)));
}

TEST_CASE("a response that is not explained goes to the client as it came, unless it is a 401") {
  auto denied = refused(pull(), 403);
  CHECK(is<relay>(denied.on_diagnosed(false)));
  auto machine = sent_bare(pull());
  const upstream_response refusal{.status = 401, .wants = basic, .challenged = true};
  REQUIRE(is<upstream_request>(machine.on_response(refusal)));
  REQUIRE(is<read_body>(machine.on_response(refusal)));
  machine.on_body_read();
  const auto next = machine.on_diagnosed(false);
  REQUIRE(is<write_error>(next));
  CHECK(std::get<write_error>(next).status == 403);
  CHECK_FALSE(std::get<write_error>(next).explained);
}

TEST_CASE("a client that hung up gets nothing, and one whose body is malformed gets 400") {
  auto machine = sent_bare(push());
  const bool gone = GENERATE(true, false);
  const auto next = machine.on_failure({.status = 503, .transfer = {.client_gone = gone, .client_malformed = !gone}});
  CHECK(is<abort_client>(next) == gone);
  if (!gone) CHECK(std::get<diagnose>(next).status == 400);
}

TEST_CASE("a token server at a forbidden address counts as a refused realm") {
  auto input = pull();
  input.auth.credential = nullptr;
  input.auth.realms.anonymous = true;
  auto machine = sent_bare(input);
  const auto order = machine.on_response({.status = 401, .wants = other_realm, .challenged = true});
  REQUIRE(is<obtain_token>(order));
  auth::token_failure failure;
  failure.what = auth::token_failure::kind::transport;
  failure.problem = error(errc::denied, party::token_server, phase::connect, "10.0.0.1 is private", 0, false);
  const auth::token_answer answer{nullptr, failure};
  CHECK(is_address_refused(std::get<obtain_token>(order).realm, answer));
  CHECK(std::get<diagnose>(machine.on_token(answer)).status == 403);
  const auto updates = machine.take_updates();
  REQUIRE(updates);
  REQUIRE(updates->realm_decision);
  CHECK_FALSE(updates->realm_decision->allowed);
  CHECK(updates->realm_decision->why == "10.0.0.1 is private");
}

}  // namespace regpass::forward
