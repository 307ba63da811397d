// Credentials judged before anything fails.
#include "regpass/diagnosis/warnings.hpp"

#include <catch2/catch.hpp>

#include <memory>

namespace regpass::diagnosis {
namespace {

const auto now = *parse_rfc3339("2026-08-01T12:00:00Z");

auth::credential_entry entry(const std::string& problem) {
  auth::credential_entry made;
  made.host = registry::make_host("registry.test", 443);
  made.source = "/run/secrets/config.json";
  made.key = "registry.test";
  made.problem = problem;
  return made;
}

auth::credential_entry usable_entry(const std::string& remark) {
  auto made = entry(remark);
  made.credential = std::make_shared<auth::credential>();
  return made;
}

std::vector<std::string> causes_of(const auth::credential_entry& judged) {
  auth::credential_store store;
  store.entries.push_back(judged);
  std::vector<std::string> found;
  for (const auto& one : warnings(store, {}, true, now)) {
    CHECK(one.summary.find("registry.test") != std::string::npos);
    CHECK(one.summary.find("/run/secrets/config.json") != std::string::npos);
    CHECK_FALSE(one.fix.empty());
    found.push_back(one.cause);
  }
  return found;
}

std::vector<std::string> causes_of(const std::string& problem) {
  return causes_of(entry(problem));
}

using names = std::vector<std::string>;

TEST_CASE("an entry's fault causes a warning with the cause name of the later failure") {
  CHECK(causes_of("auth is no base64: line break (at 76): write it with base64 -w0") == names{"credential-not-base64"});
  CHECK(causes_of("the entry is empty: a marker that the secret is kept in a credential helper") ==
        names{"credential-entry-empty"});
  CHECK(causes_of("").empty());
  CHECK(causes_of("the password ends in a line break (was it made with echo? printf '%s' writes none)") ==
        names{"credential-damaged"});
  CHECK(causes_of(usable_entry("the password begins with a blank, which is sent too")).empty());
}

TEST_CASE("C3: every unusable entry causes a warning") {
  for (const auto* problem :
       {"auth is no string", "the password is empty", "\"../x\" is no name of a credential helper"})
    CHECK(causes_of(problem) == names{"credential-undecodable"});
}

TEST_CASE("an expired credential causes a warning") {
  CHECK(causes_of("the ECR password expires at 2026-08-01T11:59:59.000Z") == names{"ecr-password-expired"});
  CHECK(causes_of(usable_entry("the ECR password expires at 2026-08-01T12:31:00.000Z")).empty());
}

TEST_CASE("a credential that expires within a build causes a warning before") {
  auth::credential_store store;
  store.entries.push_back(usable_entry("the ECR password expires at 2026-08-01T12:29:00.000Z"));
  const auto said = warnings(store, {}, true, now);
  REQUIRE(said.size() == 1);
  CHECK(said[0].cause == "ecr-password-expired");
  CHECK(said[0].summary ==
        "\"registry.test\" in /run/secrets/config.json will expire soon: the ECR password expires at "
        "2026-08-01T12:29:00.000Z");
}

TEST_CASE("several faults of one entry cause several warnings") {
  CHECK(causes_of("auth and username/password differ; auth is used, as docker does; the registrytoken expires at "
                  "2026-08-01T11:00:00.000Z") == names{"credential-contradicts-itself", "ready-made-token-expired"});
}

TEST_CASE("a missing file causes a warning only if it is configured") {
  const std::vector<std::string> searched{"/root/.docker/config.json (does not exist)"};
  CHECK(warnings({}, searched, false, now).empty());
  const auto named = warnings({}, searched, true, now);
  REQUIRE(named.size() == 1);
  CHECK(named[0].cause == "credential-file-missing");
  CHECK(named[0].summary.find("/root/.docker/config.json") != std::string::npos);
}

}  // namespace
}  // namespace regpass::diagnosis
