#include "regpass/diagnosis/diagnose.hpp"

#include "cases.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <sstream>

namespace regpass::diagnosis {
namespace {

using names = std::vector<std::string>;

constexpr auto observed = certainty::observed;
constexpr auto likely = certainty::likely;
constexpr auto possible = certainty::possible;

struct expectation {
  std::string name;  // of the pair of files
  std::string cause;
  diagnosis::certainty certainty;
  names alternatives;
};

const std::vector<expectation> table{
    {"address-refused-metadata", "address-refused", observed, {}},
    {"address-refused-no-entry", "address-refused", observed, {}},
    {"concurrent-push-seen", "concurrent-push", likely, {"request-refused"}},
    {"manifest-broken-empty", "manifest-broken", likely, {"request-refused"}},
    {"registry-moved-push", "registry-moved", observed, {}},
    {"plain-http-to-tls-registry-private", "plain-http-to-tls-registry", observed, {}},
    {"bad-request-wrong-name", "bad-request", observed, {}},
    {"bad-request", "bad-request", observed, {}},
    {"client-distrusts-ca", "client-distrusts-ca", observed, {}},
    {"client-without-credential-build-step", "client-without-credential", observed, {}},
    {"client-without-credential-observe", "client-without-credential", observed, {}},
    {"credential-file-unreadable", "credential-file-unreadable", observed, {}},
    {"credential-rejected-basic", "credential-rejected", observed, {"denied-by-registry"}},
    {"credential-rejected-ecr-expired", "ecr-password-expired", observed, {}},
    {"credential-rejected-identity-token",
     "acr-refresh-token-expired",
     likely,
     {"acr-login-or-role", "credential-rejected"}},
    {"credential-rejected-long-path", "gitlab-access-denied", observed, {}},
    {"credential-rejected-ready-made", "credential-rejected", observed, {"token-expired"}},
    {"credential-rejected-token-server", "credential-rejected", observed, {}},
    {"credential-undecodable-control-byte", "credential-undecodable", observed, {}},
    {"credential-undecodable-empty-entry", "credential-entry-empty", observed, {}},
    {"credential-undecodable-url-safe", "credential-not-base64", observed, {}},
    {"denied-by-registry-ecr-right", "ecr-action-missing", observed, {}},
    {"denied-by-registry-foreign-audience", "denied-by-registry", likely, {}},
    {"denied-by-registry-head", "denied-by-registry", observed, {}},
    {"denied-by-registry-in-front", "denied-by-registry", likely, {}},
    {"denied-by-registry-observe", "denied-by-registry", observed, {}},
    {"denied-by-registry-other-scheme", "login-scheme-unknown", observed, {}},
    {"denied-by-registry-quota", "quota-exceeded", observed, {}},
    {"denied-by-registry-right-of-package", "ghcr-package-access", observed, {}},
    {"granted-less-hub-library", "hub-name-without-namespace", observed, {}},
    {"granted-less-hub-read-only-token", "access-token-too-narrow", likely, {}},
    {"granted-less-long-names", "granted-less", observed, {}},
    {"granted-less-mount-source", "granted-less", observed, {}},
    {"granted-less-nothing", "granted-less", observed, {"not-found-or-hidden"}},
    {"granted-less-opaque", "granted-less", likely, {}},
    {"granted-less-observe", "granted-less", observed, {"client-uses-other-credential"}},
    {"granted-less-push-without-pull", "granted-push-without-pull", observed, {}},
    {"granted-less-read-only", "granted-less", observed, {}},
    {"granted-less-token-for-nobody", "token-for-nobody", likely, {"granted-less"}},
    {"granted-less-token-server-forbids", "plan-limit", likely, {"credential-rejected"}},
    {"no-credential-anonymous-token", "no-credential", observed, {}},
    {"no-credential-helper-has-none", "no-credential", observed, {}},
    {"no-credential-hub-pull", "no-credential", likely, {"not-found-or-hidden"}},
    {"no-credential-narrower-entry", "no-credential", observed, {}},
    {"no-credential-no-file", "no-credential", observed, {}},
    {"no-credential-other-port", "credential-for-other-port", observed, {}},
    {"no-credential-sister-host", "google-host-without-entry", observed, {"denied-by-registry"}},
    {"not-found-or-hidden-new-name", "not-found-or-hidden", possible, {}},
    {"not-found-or-hidden-push", "name-contains-host", observed, {}},
    {"policy-refused-catalog", "policy-refused", observed, {}},
    {"policy-refused-delete", "policy-refused", observed, {}},
    {"policy-refused-push", "policy-refused", observed, {}},
    {"policy-refused-way-in", "policy-refused", observed, {}},
    {"rate-limited-anonymous", "hub-pull-limit", observed, {}},
    {"rate-limited-user", "rate-limited", observed, {}},
    {"realm-refused-foreign", "realm-refused", observed, {}},
    {"realm-refused-user-info", "realm-refused", observed, {}},
    {"registry-error-500", "registry-error", observed, {}},
    {"registry-error-gateway", "registry-error", observed, {}},
    {"request-refused-immutable-tag", "tag-immutable", observed, {}},
    {"request-refused-no-registry", "not-a-registry", observed, {}},
    {"request-refused-deletion-off", "deletion-off", observed, {}},
    {"request-refused-upload", "request-refused", observed, {}},
    {"request-refused-read-only", "registry-read-only", observed, {}},
    {"token-expired-born-expired", "token-expired", observed, {}},
    {"token-expired-ready-made", "ready-made-token-expired", observed, {}},
    {"token-expired-registry-clock-ahead", "token-expired", likely, {"denied-by-registry"}},
    {"token-expired-registry-clock-behind", "token-not-yet-valid", likely, {}},
    {"token-server-error-404", "token-server-error", observed, {}},
    {"token-server-error-429", "too-many-failed-logins", observed, {}},
    {"token-server-error-503", "token-server-error", observed, {}},
    {"token-server-error-certificate", "token-server-certificate", observed, {}},
    {"token-server-error-dns", "token-server-error", observed, {}},
    {"token-server-error-html", "token-server-error", observed, {}},
    {"token-server-error-name-invalid", "token-server-error", observed, {}},
    {"token-server-error-refused", "token-server-error", observed, {}},
    {"token-server-error-timeout", "token-server-error", observed, {}},
    {"unexplained-client-left", "unexplained", possible, {}},
    {"unexplained-nothing-seen", "unexplained", possible, {}},
    {"unexplained-ours", "unexplained", possible, {}},
    {"upstream-broken-malformed", "upstream-broken", observed, {}},
    {"upstream-broken-no-version", "upstream-broken", observed, {}},
    {"upstream-broken-truncated", "upstream-broken", observed, {}},
    {"upstream-certificate-client", "upstream-certificate", observed, {}},
    {"upstream-certificate-expired", "upstream-certificate", observed, {}},
    {"upstream-certificate-untrusted", "upstream-certificate", observed, {}},
    {"upstream-certificate-wrong-name", "upstream-certificate", observed, {}},
    {"upstream-connect-refused", "upstream-connect", observed, {}},
    {"upstream-connect-reset", "upstream-connect", observed, {}},
    {"upstream-connect-unreachable", "upstream-connect", observed, {}},
    {"upstream-dns-resolver-down", "upstream-dns", likely, {}},
    {"upstream-dns", "upstream-dns", observed, {}},
    {"upstream-plain-http", "upstream-plain-http", observed, {}},
    {"upstream-proxy-certificate", "upstream-proxy", observed, {}},
    {"upstream-proxy-forbidden", "upstream-proxy", observed, {}},
    {"upstream-proxy-gateway", "upstream-proxy", observed, {}},
    {"upstream-proxy-gone", "upstream-proxy", observed, {}},
    {"upstream-proxy-login", "upstream-proxy", observed, {}},
    {"upstream-proxy-silent", "upstream-proxy", observed, {}},
    {"upstream-proxy-token-server", "upstream-proxy", observed, {}},
    {"upstream-timeout-answer", "upstream-timeout", observed, {}},
    {"upstream-timeout-connect", "upstream-timeout", observed, {}},
    {"upstream-timeout-dns", "upstream-timeout", observed, {}},
};

std::optional<explanation> diagnosis_of(const std::string& name) {
  const auto e = from_json(cases::json_of(name));
  REQUIRE(e);
  return diagnose(*e);
}

TEST_CASE("each case has the expected leading cause and certainty") {
  for (const auto& row : table) {
    INFO(row.name);
    const auto x = diagnosis_of(row.name);
    REQUIRE(x);
    CHECK(x->cause == row.cause);
    CHECK(name_of(x->certainty) == name_of(row.certainty));
    CHECK(x->alternatives == row.alternatives);
  }
}

TEST_CASE("the table of expectations names each case once") {
  names listed;
  for (const auto& row : table) listed.push_back(row.name);
  std::ranges::sort(listed);
  CHECK(listed == cases::names());
}

// Most special forms are played through the running proxy (tests/cases).
std::string all_played() {
  std::string text;
  for (const auto& one :
       std::filesystem::directory_iterator(std::filesystem::path(REGPASS_SOURCE_DIR) / "tests/cases")) {
    if (!one.is_regular_file()) continue;
    std::ifstream in(one.path());
    text += std::string(std::istreambuf_iterator<char>(in), {}) + "\n";
  }
  return text;
}

TEST_CASE("each cause of the table has a case") {
  const auto played = all_played();
  std::set<std::string> met;
  for (const auto& row : table) met.insert(row.cause);
  for (const auto& row : causes()) {
    INFO(row.name);
    const std::string name(row.name);
    const bool is_played = std::regex_search(played, std::regex("\n(expect|notice|warning)[^\n]* " + name + "[ \n]"));
    CHECK((met.contains(name) || is_played));
  }
}

TEST_CASE("no cause name is ever removed") {
  const names contract{"policy-refused",      "realm-refused",          "address-refused",      "bad-request",
                       "no-credential",       "credential-undecodable", "credential-rejected",  "token-expired",
                       "granted-less",        "token-server-error",     "upstream-proxy",       "upstream-dns",
                       "upstream-connect",    "upstream-timeout",       "upstream-certificate", "client-distrusts-ca",
                       "upstream-plain-http", "upstream-broken",        "denied-by-registry",   "not-found-or-hidden",
                       "rate-limited",        "registry-error",         "request-refused",      "unexplained"};
  for (const auto& name : contract) CHECK(find_cause(name) != nullptr);
}

TEST_CASE("the table is consistent: names are unique, and references exist") {
  std::set<std::string_view> met;
  const auto words = [](std::string_view text) {
    std::istringstream in{std::string(text)};
    return names(std::istream_iterator<std::string>(in), {});
  };
  for (const auto& row : causes()) {
    INFO(row.name);
    CHECK(met.insert(row.name).second);
    CHECK((row.summary != nullptr) != !row.summary_text.empty());
    CHECK((row.fix != nullptr || !row.fix_text.empty()));
    CHECK((!row.doc.seen.empty() && !row.doc.why.empty() && !row.doc.apart.empty()));
    for (const auto& other : words(row.general)) CHECK(find_cause(other) != nullptr);
    for (const auto& other : words(row.doc.look_alikes)) CHECK(find_cause(other) != nullptr);
  }
}

TEST_CASE("every explanation names the registry, and the credential file if one was used") {
  for (const auto& row : table) {
    INFO(row.name);
    const auto e = from_json(cases::json_of(row.name));
    REQUIRE(e);
    const auto x = diagnose(*e);
    REQUIRE(x);
    CHECK(x->summary.find(e->registry) != std::string::npos);
    CHECK(!x->evidence.empty());
    const bool about_credential = e->injection != injection_mode::observe &&
                                  (row.cause.starts_with("credential-") || row.cause == "granted-less");
    if (about_credential && !e->source.empty()) CHECK(x->summary.find(e->source) != std::string::npos);
    if (row.cause != "unexplained") CHECK(!x->fix.empty());
  }
}

// As another product would have said it.
void reword(evidence& e) {
  for (auto& timed : e.steps) {
    if (auto* a = std::get_if<answered_step>(&timed.step)) {
      if (!a->message.empty()) a->message = "xyzzy";
      for (auto& one : a->errors) one.message = "xyzzy";
      a->server = "Xyzzy/1.0";
      std::ranges::reverse(a->challenges);
    } else if (auto* t = std::get_if<token_answer_step>(&timed.step)) {
      t->message = "xyzzy";
    } else if (auto* f = std::get_if<failed_step>(&timed.step)) {
      f->problem.detail = "xyzzy";
    }
  }
}

TEST_CASE("other messages lead to the same cause, or to the general one that needs no message") {
  for (const auto& row : table) {
    INFO(row.name);
    auto e = from_json(cases::json_of(row.name));
    REQUIRE(e);
    reword(*e);
    const auto x = diagnose(*e);
    REQUIRE(x);
    const auto wider = ' ' + std::string(find_cause(row.cause)->general) + ' ';
    CHECK((x->cause == row.cause || wider.find(' ' + x->cause + ' ') != std::string::npos));
  }
}

evidence answered(int status, std::string method, std::string path) {
  evidence e;
  e.registry = "registry.test";
  e.method = std::move(method);
  e.path = std::move(path);
  e.status = status;
  answered_step a;
  a.status = status;
  a.api_version = true;
  add(e, 0, sent_step{e.method + " " + e.path, authorization_kind::bearer});
  add(e, 1, a);
  return e;
}

TEST_CASE("a missing manifest or blob is an answer, not a failure") {
  const std::string blob = "/v2/a/b/blobs/sha256:" + std::string(64, 'a');
  for (const auto* method : {"GET", "HEAD"}) {
    CHECK(!diagnose(answered(404, method, "/v2/team-a/app/manifests/1")));
    CHECK(!diagnose(answered(404, method, "/v2/blobs/manifests/manifests/latest")));
    CHECK(!diagnose(answered(404, method, blob)));
  }
  CHECK(diagnose(answered(404, "PUT", "/v2/team-a/app/manifests/1")));
  CHECK(diagnose(answered(404, "GET", "/v2/")));
  CHECK(diagnose(answered(404, "GET", "/v2/team-a/app/tags/list")));
}

TEST_CASE("a 404 with an HTML page is a failure, because it is not from a registry") {
  auto e = answered(404, "GET", "/v2/team-a/app/manifests/1");
  auto& a = std::get<answered_step>(e.steps.back().step);
  a.api_version = false;
  a.content_type = "text/html; charset=utf-8";
  const auto x = diagnose(e);
  REQUIRE(x);
  CHECK(x->cause == "request-refused");
  CHECK(x->summary.find("an intermediary in front of registry.test") != std::string::npos);
}

TEST_CASE("success is not explained") {
  for (const auto status : {200, 201, 202, 204, 206, 304, 307}) {
    CHECK(!diagnose(answered(status, "GET", "/v2/team-a/app/manifests/1")));
  }
  auto retried = answered(200, "GET", "/v2/team-a/app/manifests/1");
  error reset;
  reset.code = errc::reset;
  reset.who = party::registry;
  retried.steps.insert(retried.steps.begin(), timed_step{0, failed_step{reset}});
  CHECK(!diagnose(retried));
}

TEST_CASE("an explanation as JSON has the members of the log's contract") {
  const auto x = diagnosis_of("granted-less-nothing");
  REQUIRE(x);
  const auto json = to_json(*x);
  CHECK(json.at("cause") == "granted-less");
  CHECK(json.at("summary") == boost::json::string_view(x->summary));
  CHECK(json.at("certainty") == "observed");
  CHECK(json.at("alternatives") == boost::json::array{"not-found-or-hidden"});
  CHECK(json.at("fix").as_array().size() == x->fix.size());
  CHECK(json.at("evidence").as_array().size() == x->evidence.size());
  CHECK(json.size() == 6);
}

}  // namespace
}  // namespace regpass::diagnosis
