#include "regpass/auth/program.hpp"

#include "support.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

namespace regpass::auth {
namespace {

using Catch::Contains;

const registry::host harbor = registry::make_host("r.test", 443);
const registry::host hub = registry::make_host("docker.io", 443);

credential_program helper() {
  return {.speaks = credential_program::protocol::docker_helper, .command = {"docker-credential-x"}, .images = {}};
}

credential_program provider() {
  return {.speaks = credential_program::protocol::kubelet_provider, .command = {"/opt/p", "v1"}, .images = {}};
}

program_says said(const credential_program& program, std::string output, int status = 0, std::string errors = {}) {
  program_output got{status, std::move(output), std::move(errors)};
  auto says = read_answer(program, harbor, "team-a/app", got);
  CHECK(got.output.empty());  // wiped
  return says;
}

std::string response(std::string_view members) {
  return fmt::format(
      R"({{"apiVersion":"credentialprovider.kubelet.k8s.io/v1","kind":"CredentialProviderResponse",{}}})", members);
}

}  // namespace

TEST_CASE("a helper is asked as docker asks it") {
  const auto asked = question_for(helper(), harbor, "team-a/app");
  CHECK(asked.arguments == std::vector<std::string>{"get"});
  CHECK(asked.input == "r.test");
  CHECK(question_for(helper(), hub, "").input == "https://index.docker.io/v1/");
  CHECK(question_for(helper(), registry::make_host("r.test", 5443), "").input == "r.test:5443");
}

TEST_CASE("a helper's answer is a password, or an identity token") {
  const auto password = said(helper(), R"({"ServerURL":"https://r.test","Username":"alice","Secret":"s3cret"})");
  REQUIRE(password.credential);
  CHECK(password.credential->kind == credential_kind::basic);
  CHECK(password.credential->username == "alice");
  CHECK(password.credential->value == secret("s3cret"));
  CHECK(password.credential->source == "docker-credential-x");
  CHECK(password.credential->key == "r.test");
  const auto token = said(helper(), R"({"Username":"<token>","Secret":"refresh"})");
  REQUIRE(token.credential);
  CHECK(token.credential->kind == credential_kind::identity_token);
  CHECK(token.credential->username.empty());
}

TEST_CASE("a helper that has none is no failure") {
  for (const auto& says : {said(helper(), R"({"ServerURL":"r.test","Username":"","Secret":""})"),
                           said(helper(), "credentials not found in native keychain\n", 1),
                           said(helper(), "", 1, "credentials not found in native keychain")}) {
    CHECK_FALSE(says.credential);
    CHECK(says.problem.empty());
  }
}

TEST_CASE("S3: what a helper that fails printed is for the log alone, without what may be a secret") {
  const auto failed = said(helper(), "no basic auth\n", 1, "AWS says no, password=canary\n");
  CHECK(failed.problem == "docker-credential-x ended with status 1; the log of regpass has its output");
  CHECK(failed.printed == "no basic auth; AWS says no, password=***");
  const auto provider_failed = said(provider(), "", 1, "token=canary-1\n");
  CHECK_THAT(provider_failed.problem, !Contains("canary"));
  CHECK(provider_failed.printed == "token=***");
  CHECK_THAT(said(helper(), R"({"ServerURL":"https://a:b@evil.test/canary","Username":"a","Secret":"canary"})").problem,
             !Contains("canary") && !Contains("a:b") && Contains("evil.test"));
  CHECK(said(helper(), R"({"Secret":"s3cret)", 139).problem == "docker-credential-x was ended by signal 11");
  CHECK_THAT(said(helper(), "s3cret, no JSON").problem, !Contains("s3cret") && Contains("no JSON object"));
  CHECK(said(helper(), "[]").problem == "docker-credential-x answered with something that is no JSON object");
  CHECK(said(helper(), R"({"Username":"alice"})").problem == "docker-credential-x gave no Secret");
  CHECK(said(helper(), R"({"Secret":"s3cret"})").problem == "docker-credential-x gave no Username");
  CHECK(said(helper(), R"({"ServerURL":"https://evil.test/v1/","Username":"a","Secret":"s3cret"})").problem ==
        "docker-credential-x was asked for r.test and answered for https://evil.test/v1/");
}

TEST_CASE("C1, C2: a helper's answer may begin with a mark of UTF-8, and a damaged password is not taken") {
  CHECK(said(helper(), "\xEF\xBB\xBF{\"Username\":\"alice\",\"Secret\":\"s3cret\"}").credential);
  CHECK(said(helper(), std::string("\xFF\xFE{\0}\0", 6)).problem ==
        "docker-credential-x answered in UTF-16 instead of UTF-8");
  const auto broken = said(helper(), R"({"Username":"alice","Secret":"s3cret\n"})");
  CHECK_FALSE(broken.credential);
  CHECK_THAT(broken.problem, Contains("docker-credential-x: the password ends in a line break") && !Contains("s3cret"));
  CHECK_FALSE(said(helper(), R"({"Username":"<token>","Secret":"t\n"})").credential);
  CHECK_FALSE(said(helper(), R"({"Username":"a:b","Secret":"s3cret"})").credential);
  const auto provided = said(provider(), response(R"("cacheKeyType":"Registry","auth":{"r.test":)"
                                                  R"({"username":"alice","password":"s3cret\r\n"}})"));
  CHECK_FALSE(provided.credential);
  CHECK_THAT(provided.problem, Contains("the password ends in a line break") && !Contains("s3cret"));
}

TEST_CASE("a provider is asked as the kubelet asks it") {
  const auto asked = question_for(provider(), harbor, "team-a/app");
  CHECK(asked.arguments.empty());
  CHECK(
      asked.input ==
      R"({"apiVersion":"credentialprovider.kubelet.k8s.io/v1","kind":"CredentialProviderRequest","image":"r.test/team-a/app"})");
}

TEST_CASE("a provider's answer has its own life and range") {
  const auto says = said(provider(), response(R"("cacheKeyType":"Image","cacheDuration":"1h30m",)"
                                              R"("auth":{"*.test":{"username":"AWS","password":"wide"},)"
                                              R"("r.test/team-a":{"username":"AWS","password":"narrow"}})"));
  REQUIRE(says.credential);
  CHECK(says.credential->value == secret("narrow"));
  CHECK(says.credential->key == "r.test/team-a");
  CHECK(says.credential->source == "p");
  CHECK(says.life == std::chrono::minutes(90));
  CHECK(says.valid_for == program_says::scope::image);
  const auto none = said(provider(), response(R"("cacheKeyType":"Global","auth":{"other.test":{}})"));
  CHECK_FALSE(none.credential);
  CHECK(none.problem.empty());
  CHECK_FALSE(none.life);
  CHECK(none.valid_for == program_says::scope::global);
}

TEST_CASE("a provider's answer that does not keep to the API is refused") {
  struct row {
    std::string text, problem;
  };
  const auto row_ = GENERATE(values<row>({
      {"x", "p answered with something that is no JSON object"},
      {R"({"kind":"CredentialProviderRequest"})",
       "p answered with the kind CredentialProviderRequest instead of CredentialProviderResponse"},
      {R"({"kind":"CredentialProviderResponse","apiVersion":"credentialprovider.kubelet.k8s.io/v1alpha1"})",
       "p answered in credentialprovider.kubelet.k8s.io/v1alpha1, not credentialprovider.kubelet.k8s.io/v1"},
      {response(R"("auth":{})"), "p answered without a cacheKeyType of Image, Registry or Global"},
      {response(R"("cacheKeyType":"Registry","cacheDuration":"soon")"), "p answered with the cacheDuration soon"},
      {response(R"("cacheKeyType":"Registry","auth":[])"), "p answered with an auth that is no JSON object"},
      {response(R"("cacheKeyType":"Registry","auth":{"r.test":{"username":"a"}})"),
       "p gave no username and password for r.test"},
  }));
  CHECK(said(provider(), row_.text).problem == row_.problem);
}

TEST_CASE("T31: images match label by label, with their port and whole parts of the path") {
  struct row {
    std::string_view pattern, image;
    bool matches;
  };
  const auto [pattern, image, expected] = GENERATE(values<row>({
      {"r.test", "r.test/a", true},
      {"R.Test", "r.test", true},
      {"https://r.test/", "r.test/a", true},
      {"*.dkr.ecr.*.amazonaws.com", "1.dkr.ecr.eu-west-1.amazonaws.com/a", true},
      {"*.azurecr.io", "mine.azurecr.io", true},
      {"reg*.test", "registry.test", true},
      {"r.test/team-a", "r.test/team-a/app", true},
      {"r.test/team-a", "r.test/team-a", true},
      {"r.test:443", "r.test/a", true},
      {"r.test:5443", "r.test:5443/a", true},
      {"r.test.", "r.test/a", true},
      {"[2001:DB8::1]:5443/team-a", "[2001:db8::1]:5443/team-a/app", true},
      {"index.docker.io", "docker.io/library/app", true},
      {"https://registry-1.docker.io/library", "docker.io/library/app", true},
      {"index.docker.io:5443", "docker.io/library/app", false},
      {"[2001:db8::1]", "[2001:db8::2]/a", false},
      {"*.azurecr.io", "azurecr.io", false},
      {"*.azurecr.io", "a.b.azurecr.io", false},
      {"*.azurecr.io", "mine.azurecr.io.evil.test", false},
      {"*", "r.test", false},
      {"r.test/team-a", "r.test/team-ab", false},
      {"r.test/team-a", "r.test", false},
      {"r.test", "r.test:5443/a", false},
      {"r.test:5443", "r.test/a", false},
  }));
  INFO(pattern << " " << image);
  CHECK(is_for_image(pattern, image) == expected);
}

TEST_CASE("Go's durations") {
  using std::chrono::seconds;
  CHECK(parse_go_duration("0") == seconds(0));
  CHECK(parse_go_duration("12h0m0s") == seconds(43'200));
  CHECK(parse_go_duration("1m30.9s") == seconds(90));
  CHECK(parse_go_duration("300ms") == seconds(0));
  CHECK(parse_go_duration("9999999h") == seconds(31'536'000));
  for (const auto* text : {"", "5", "s", "-1s", "1d", "1h-1m", "1.2.3s", ".s", "1h 1m"}) {
    INFO(text);
    CHECK_FALSE(parse_go_duration(text));
  }
}

}  // namespace regpass::auth
