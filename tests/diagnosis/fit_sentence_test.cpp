// The sentence of every cause, with names as long as in real installations, as clients print it.
#include "cases.hpp"
#include "diagnosis/causes/causes.hpp"
#include "diagnosis/present/annotate.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <catch2/catch.hpp>

#include <map>
#include <set>

namespace regpass::diagnosis {
namespace {

const std::string long_host = "harbor.build-platform.internal.example-corporation.com";
const std::string long_repository = "platform-engineering/continuous-delivery/payment-service";
const std::string long_source = "/var/run/secrets/build-credentials/registry-push/config.json";
const std::string long_user = "robot$platform-engineering+ci-pusher";
const std::string long_token_server = "auth.build-platform.internal.example-corporation.com";
const std::string id = "5d0c33e1";

void replace_all(std::string& text, std::string_view what, std::string_view with) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size())) {
    text.replace(at, what.size(), with);
  }
}

evidence with_long_names(const std::string& name) {
  auto text = cases::read(name + ".json");
  replace_all(text, "/run/secrets/regpass/config.json", long_source);
  replace_all(text, "registry.test", long_host);
  replace_all(text, "auth.test", long_token_server);
  replace_all(text, "team-a/app", long_repository);
  replace_all(text, "\"alice\"", '"' + long_user + '"');
  auto e = from_json(boost::json::parse(text));
  REQUIRE(e);
  e->id = id;
  return *e;
}

// What there is to fill a sentence with whose cause no case is about.
evidence refused_push() {
  evidence e;
  e.registry = long_host + ":8443";
  e.repository = long_repository;
  e.action = "push";
  e.method = "POST";
  e.path = "/v2/" + long_repository + "/blobs/uploads/";
  e.source = long_source;
  e.key = e.registry;
  e.username = long_user;
  e.credential_kind = "basic";
  e.status = 403;
  add(e, 0,
      token_request_step{"GET", "https://" + long_token_server + "/token", "registry", "", authorization_kind::basic});
  add(e, 1, token_answer_step{.status = 200, .failure = {}, .message = {}, .granted = {}, .claims = {}});
  add(e, 2, sent_step{.request = "POST " + e.path, .authorization = authorization_kind::bearer});
  answered_step refused;
  refused.status = 403;
  refused.api_version = true;
  refused.errors = {{"DENIED", "requested access to the resource " + long_repository + " is denied by its owner", ""}};
  add(e, 3, refused);
  return e;
}

evidence pull_near_the_limit() {
  auto e = refused_push();
  e.action = "pull";
  e.method = "GET";
  e.path = "/v2/" + long_repository + "/manifests/1";
  e.status = 200;
  answered_step fine;
  fine.status = 200;
  fine.rate_limit = "100;w=21600";
  fine.rate_remaining = "3;w=21600";
  fine.rate_source = "2001:db8:85a3:8d3:1319:8a2e:370:7348";
  add(e, 4, fine);
  return e;
}

// Every way in which the cause's sentence is known to read; by its name.
std::map<std::string, std::vector<explanation>> sentences() {
  std::map<std::string, std::vector<explanation>> all;
  for (const auto& name : cases::names()) {
    const auto e = with_long_names(name);
    const auto x = diagnose(e);
    REQUIRE(x);
    all[x->cause].push_back(*x);
    auto found = examine(e);
    for (auto& notice : found.notices) all[notice.cause].push_back(std::move(notice));
  }
  auto near = examine(pull_near_the_limit());
  for (auto& notice : near.notices) all[notice.cause].push_back(std::move(notice));
  const auto e = refused_push();
  const auto parts = diagnose(e)->parts;
  for (const auto& row : causes()) {
    if (row.summary != nullptr || row.summary_text.empty()) continue;
    auto f = derive(e);
    f.faults = {{row.name, long_source, e.key, "the password ends in a line break"}};
    explanation x;
    x.cause = row.name;
    x.summary = summary_of(row, f);
    x.parts = parts;
    all[x.cause].push_back(std::move(x));
  }
  return all;
}

std::set<std::string> words_of(std::string_view text) {
  std::set<std::string> words;
  while (!text.empty()) {
    const auto end = std::min(text.find(' '), text.size());
    auto word = text.substr(0, end);
    while (!word.empty() && std::string_view(",;:)").find(word.back()) != std::string_view::npos) word.remove_suffix(1);
    words.emplace(word);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

// A word of the line stands in the sentence, or is one of its names or quotations made shorter.
bool is_whole(const std::string& word, const std::set<std::string>& of) {
  return of.contains(word) || word.find("...") != std::string::npos;
}

TEST_CASE("the line of every cause is complete, within 200 characters, and ends in the id") {
  const auto known = sentences();
  for (const auto& row : causes()) {
    if (row.judge == nullptr && row.notice == nullptr) continue;
    INFO(row.name);
    const auto found = known.find(std::string(row.name));
    if (found == known.end()) {
      FAIL_CHECK("no case in tests/diagnosis/cases has it");
      continue;
    }
    for (const auto& x : found->second) {
      const auto line = one_line(x, id);
      INFO(line << "\n" << x.summary);
      CHECK(line.size() <= 200);
      CHECK(std::ranges::all_of(line, [](char c) { return c >= 0x20 && c <= 0x7E; }));
      CHECK(line.ends_with(" [regpass " + id + "]"));
      // Nothing of the sentence itself is left out.
      CHECK(line.find(" ... ") == std::string::npos);
      const auto of = words_of(x.summary);
      const auto sentence = line.substr(0, line.size() - id.size() - 11);
      for (const auto& word : words_of(sentence)) {
        INFO(word);
        CHECK(is_whole(word, of));
      }
      // What it was about can still be told.
      if (x.summary.find(long_host) != std::string::npos) CHECK(line.find("harbor.") != std::string::npos);
      if (x.summary.find(long_source) != std::string::npos) CHECK(line.find("config.json") != std::string::npos);
    }
  }
}

TEST_CASE("what the client reports itself is shortened first") {
  const auto line = one_line(*diagnose(with_long_names("no-credential-other-port")), id);
  CHECK(line.find("which differs in the port") != std::string::npos);
  CHECK(line.find("; the push to") == std::string::npos);
  CHECK(line.find(long_host + ":5443") != std::string::npos);
}

TEST_CASE("a configuration line is abbreviated last") {
  const auto line = one_line(*diagnose(with_long_names("policy-refused-delete")), id);
  CHECK(line.find("add delete = [\"" + long_repository + "\"]") != std::string::npos);
}

}  // namespace
}  // namespace regpass::diagnosis
