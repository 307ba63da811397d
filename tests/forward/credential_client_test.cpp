#include "forward/services/credential_client.hpp"

#include "regpass/async/worker.hpp"
#include "support/run_task.hpp"
#include "support/script.hpp"

#include <catch2/catch.hpp>

#include <future>
#include <mutex>
#include <sstream>

using namespace regpass;
using namespace std::chrono_literals;

namespace {

const registry::host r_test = registry::make_host("r.test", 443);

// A client at its home, and scripts that it finds in PATH.
class bench {
 public:
  bench() { home_.start(); }
  ~bench() { home_.stop(); }

  auth::credential_entry helper(const std::string& name) const {
    return entry({.speaks = auth::credential_program::protocol::docker_helper, .command = {name}, .images = {}});
  }
  auth::credential_entry provider(const std::string& name) const {
    return entry(
        {.speaks = auth::credential_program::protocol::kubelet_provider, .command = {name}, .images = {"r.test"}});
  }

  std::future<auth::program_answer> ask_later(const auth::credential_entry& entry, std::string repository = "a") {
    auth::wanted need{r_test, std::move(repository), registry::action::pull};
    return async::start(home_.get_executor(), asked(client_, entry, std::move(need)));
  }
  auth::program_answer ask(const auth::credential_entry& entry, std::string repository = "a") {
    return ask_later(entry, std::move(repository)).get();
  }
  std::vector<std::uint64_t> gone() {
    const std::lock_guard held(lock_);
    return gone_;
  }

  testing::scripts scripts;

 private:
  static async::task<auth::program_answer> asked(forward::credential_client& client, auth::credential_entry entry,
                                                 auth::wanted need) {
    auto answer = co_await client.ask(entry, need);
    co_return answer;
  }
  static auth::credential_entry entry(auth::credential_program program) {
    auth::credential_entry made;
    made.program = std::make_shared<auth::credential_program>(std::move(program));
    return made;
  }

  async::worker home_;
  std::mutex lock_;
  std::vector<std::uint64_t> gone_;
  forward::credential_client client_{home_.get_executor(),
                                     {.within = 2s, .output_bytes = 65536},
                                     {{"PATH", scripts.search()}, {"AWS_REGION", "eu"}, {"SECRET", "canary"}},
                                     [this](std::uint64_t generation) {
                                       const std::lock_guard held(lock_);
                                       gone_.push_back(generation);
                                     }};
};

std::string says(const std::string& user) {
  return R"(echo '{"Username":")" + user + R"(","Secret":"pw"}')";
}

std::string provides(const std::string& user, const std::string& scope, const std::string& life) {
  return R"(echo '{"apiVersion":"credentialprovider.kubelet.k8s.io/v1","kind":"CredentialProviderResponse",)"
         R"("cacheKeyType":")" +
         scope + R"(","cacheDuration":")" + life + R"(","auth":{"r.test":{"username":")" + user +
         R"(","password":"pw"}}}')";
}

std::string user_of(const auth::program_answer& answer) {
  return answer.credential ? answer.credential->username : "problem: " + answer.problem;
}

}  // namespace

TEST_CASE("A helper is run once, and its answer serves all repositories of the registry") {
  bench b;
  b.scripts.put("docker-credential-x", "sleep 0.1; " + says("alice"));
  const auto entry = b.helper("docker-credential-x");
  std::vector<std::future<auth::program_answer>> all;
  for (int i = 0; i < 20; ++i) all.push_back(b.ask_later(entry, "repo-" + std::to_string(i)));
  for (auto& one : all) CHECK(user_of(one.get()) == "alice");
  CHECK(user_of(b.ask(entry)) == "alice");
  CHECK(b.scripts.runs() == 1);
}

TEST_CASE("A helper that has none, and one that fails, are not run for every request") {
  bench b;
  b.scripts.put("docker-credential-none", "echo credentials not found in native keychain; exit 1");
  b.scripts.put("docker-credential-bad", "echo no network; exit 1");
  for (int i = 0; i < 3; ++i) {
    const auto none = b.ask(b.helper("docker-credential-none"));
    CHECK_FALSE(none.credential);
    CHECK(none.problem.empty());
    CHECK(user_of(b.ask(b.helper("docker-credential-bad"))) ==
          "problem: docker-credential-bad ended with status 1; the log of regpass has its output");
  }
  CHECK(b.scripts.runs() == 2);
}

TEST_CASE("Hostile helpers are told of by their name (T30)") {
  bench b;
  b.scripts.put("docker-credential-hangs", "sleep 600");
  b.scripts.put("docker-credential-floods", "exec yes");
  b.scripts.put("docker-credential-crashes", "kill -ABRT $$");
  b.scripts.put("docker-credential-garbage", "echo '<html>pw</html>'");
  b.scripts.put("docker-credential-wrong", R"(echo '{"ServerURL":"evil.test","Username":"a","Secret":"pw"}')");
  const auto problem = [&](const std::string& name) { return b.ask(b.helper("docker-credential-" + name)).problem; };
  CHECK(problem("hangs") == "docker-credential-hangs did not end within 2s and was killed");
  CHECK(problem("floods") == "docker-credential-floods wrote more than 65536 bytes and was killed");
  CHECK(problem("crashes") == "docker-credential-crashes was ended by signal 6");
  CHECK(problem("garbage") == "docker-credential-garbage answered with something that is no JSON object");
  CHECK(problem("wrong") == "docker-credential-wrong was asked for r.test and answered for evil.test");
  CHECK(problem("missing") == "docker-credential-missing is in no directory of PATH");
}

TEST_CASE("A provider's answer serves what its cache key says") {
  bench b;
  b.scripts.put("image", provides("alice", "Image", "1h"));
  b.scripts.put("registry", provides("bob", "Registry", "1h"));
  CHECK(user_of(b.ask(b.provider("image"), "a")) == "alice");
  CHECK(user_of(b.ask(b.provider("image"), "a")) == "alice");
  CHECK(b.scripts.runs() == 1);
  CHECK(user_of(b.ask(b.provider("image"), "b")) == "alice");
  CHECK(b.scripts.runs() == 2);
  CHECK(user_of(b.ask(b.provider("image"), "")) == "alice");
  CHECK(user_of(b.ask(b.provider("image"), "c")) == "alice");
  CHECK(b.scripts.runs() == 4);
  CHECK(user_of(b.ask(b.provider("registry"), "a")) == "bob");
  CHECK(user_of(b.ask(b.provider("registry"), "b")) == "bob");
  CHECK(b.scripts.runs() == 5);
}

TEST_CASE("An answer that must not be kept is asked for each time, and the same one keeps its generation") {
  bench b;
  b.scripts.put("p", provides("alice", "Registry", "0s"));
  const auto first = b.ask(b.provider("p"));
  const auto second = b.ask(b.provider("p"));
  CHECK(b.scripts.runs() == 2);
  CHECK(first.credential == second.credential);
  b.scripts.put("p", provides("bob", "Registry", "0s"));
  CHECK(user_of(b.ask(b.provider("p"))) == "bob");
  CHECK(b.gone() == std::vector<std::uint64_t>{first.credential->generation});
}

TEST_CASE("A provider that fails keeps its last good answer in force, one that has none does not") {
  bench b;
  b.scripts.put("p", provides("alice", "Registry", "0s"));
  const auto first = b.ask(b.provider("p"));
  b.scripts.put("p", "echo broken >&2; exit 1");
  CHECK(b.ask(b.provider("p")).credential == first.credential);
  CHECK(b.ask(b.provider("p")).credential == first.credential);
  CHECK(b.scripts.runs() == 2);  // and is not run again at once
  CHECK(b.gone().empty());
}

TEST_CASE("A provider that has no credential any more takes the old one with it") {
  bench b;
  b.scripts.put("p", provides("alice", "Registry", "0s"));
  const auto first = b.ask(b.provider("p"));
  b.scripts.put("p", R"(echo '{"apiVersion":"credentialprovider.kubelet.k8s.io/v1",)"
                     R"("kind":"CredentialProviderResponse","cacheKeyType":"Registry","auth":{}}')");
  const auto second = b.ask(b.provider("p"));
  CHECK_FALSE(second.credential);
  CHECK(second.problem.empty());
  CHECK(b.gone() == std::vector<std::uint64_t>{first.credential->generation});
}

TEST_CASE("Many images at once do not start many programs at once") {
  bench b;
  const auto place = b.scripts.place().path().string();
  b.scripts.put("p", "mkdir '" + place + "/'$$; ls '" + place + "' | grep -c '^[0-9]*$' >>'" + place +
                         "/counts'; sleep 0.1; rmdir '" + place + "/'$$; " + provides("alice", "Image", "1h"));
  std::vector<std::future<auth::program_answer>> all;
  for (int i = 0; i < 12; ++i) all.push_back(b.ask_later(b.provider("p"), "repo-" + std::to_string(i)));
  for (auto& one : all) CHECK(user_of(one.get()) == "alice");
  CHECK(b.scripts.runs() == 12);
  std::istringstream counts(testing::content_of(b.scripts.place() / "counts"));
  int most = 0;
  for (int one = 0; counts >> one;) most = std::max(most, one);
  CHECK(most >= 1);
  CHECK(most <= 4);
}

TEST_CASE("Programs get what clouds and password stores need, and nothing of ours besides (T30)") {
  const auto passed = forward::program_environment({{"PATH", "/bin"},
                                                    {"AWS_ROLE_ARN", "x"},
                                                    {"PASSWORD_STORE_DIR", "/p"},
                                                    {"REGPASS_UPSTREAM_PROXY", "http://u:pw@p"},
                                                    {"LD_PRELOAD", "/evil.so"},
                                                    {"GITHUB_TOKEN", "t"}});
  CHECK(passed == std::vector<std::string>{"AWS_ROLE_ARN=x", "PASSWORD_STORE_DIR=/p", "PATH=/bin"});
}

TEST_CASE("What a program's credential says of its end is known like that of a file's") {
  bench b;
  // The payload is {"exp":1785585600}.
  b.scripts.put("docker-credential-acr", R"(echo '{"Username":"00000000-0000-0000-0000-000000000000",)"
                                         R"("Secret":"eyJhbGciOiJub25lIn0.eyJleHAiOjE3ODU1ODU2MDB9.x"}')");
  for (int i = 0; i < 2; ++i) {
    const auto answer = b.ask(b.helper("docker-credential-acr"));
    REQUIRE(answer.credential);
    CHECK(answer.problem == "the refresh token expires at 2026-08-01T12:00:00.000Z");
  }
}
