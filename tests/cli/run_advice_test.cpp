// What `regpass run` says of its command: daemons that go by themselves, and hosts that were asked without a login.
#include "cli/run_advice.hpp"

#include <catch2/catch.hpp>

using namespace regpass;
using Catch::Matchers::Contains;

namespace {

using line = std::vector<std::string>;

}  // namespace

TEST_CASE("E2: a command whose daemon talks to registries is named before it starts") {
  const auto command = GENERATE(values<line>({
      {"docker", "push", "r.test/a:1"},
      {"/usr/bin/docker", "--context", "x", "build", "."},
      {"docker", "buildx", "build", "--push", "."},
      {"docker", "compose", "up"},
      {"docker-compose", "pull"},
      {"buildctl", "--addr", "tcp://b:1", "build"},
      {"nerdctl", "push", "r.test/a:1"},
      {"podman", "--remote", "push", "r.test/a:1"},
      {"podman-remote", "push", "r.test/a:1"},
      {"ctr", "image", "push", "r.test/a:1"},
      {"sudo", "-E", "docker", "push", "r.test/a:1"},
      {"env", "A=b", "docker", "pull", "r.test/a:1"},
      {"timeout", "60", "docker", "pull", "r.test/a:1"},
      {"sh", "-c", "docker build -t r.test/a . && docker push r.test/a"},
      {"bash", "-ec", "cd app; buildctl build"},
  }));
  CAPTURE(command);
  const auto got = cli::advise_on_daemon(command, {});
  REQUIRE(got);
  CHECK_THAT(got->what, Contains("an environment of its own"));
  CHECK_THAT(got->remedy, Contains("regpass serve") && Contains("skopeo"));
}

TEST_CASE("E2: more daemons, behind wrappers with values and in scripts of any form") {
  const auto command = GENERATE(values<line>({
      {"finch", "push", "r.test/a:1"},
      {"earthly", "--push", "+image"},
      {"dagger", "call", "publish"},
      {"pack", "build", "r.test/a", "--publish"},
      {"skaffold", "build"},
      {"lima", "nerdctl", "pull", "r.test/a"},
      {"sudo", "-u", "builder", "docker", "push", "r.test/a:1"},
      {"sudo", "-Eu", "builder", "--", "docker", "push", "r.test/a:1"},
      {"sudo", "--user=builder", "HOME=/x", "docker", "push", "r.test/a:1"},
      {"env", "-u", "DOCKER_HOST", "docker", "push", "r.test/a:1"},
      {"env", "-S", "A=b docker push r.test/a:1"},
      {"setsid", "-w", "docker", "push", "r.test/a:1"},
      {"ionice", "-c", "3", "docker", "push", "r.test/a:1"},
      {"nice", "-n", "5", "ionice", "-c3", "docker", "push", "r.test/a:1"},
      {"command", "docker", "push", "r.test/a:1"},
      {"xargs", "-n", "1", "docker", "pull"},
      {"xargs", "-I{}", "docker", "pull", "{}"},
      {"timeout", "-k", "5", "60s", "docker", "pull", "r.test/a:1"},
      {"flock", "/var/lock/x", "docker", "pull", "r.test/a:1"},
      {"sh", "-c", "(docker push x)"},
      {"bash", "-ce", "docker push x"},
      {"bash", "-o", "pipefail", "-c", "id=$(docker build -q .)"},
      {"bash", "-c", "out=\"$(docker push x 2>&1)\" || exit 1"},
      {"sh", "-c", "if ! sudo -u u docker push x; then exit 1; fi"},
      {"sh", "-c", "bash -c 'docker push x'"},
      {"sh", "-c", "\"$@\" >/dev/null", "sh", "docker", "push", "x"},
      {"su", "-c", "docker push x", "builder"},
      {"sh", "-c", "cd app\ndocker push x"},
  }));
  CAPTURE(command);
  CHECK(cli::advise_on_daemon(command, {}));
}

TEST_CASE("E2: the words of a command are no commands") {
  const auto command = GENERATE(values<line>({
      {"sh", "-c", "echo docker push; skopeo copy oci:a docker://r.test/a"},
      {"sh", "-c", "cd dagger && crane push x r.test/x"},
      {"sh", "-c", "echo 'a; docker push x'"},
      {"sh", "-c", "command -v finch && skopeo inspect docker://r.test/a"},
      {"sudo", "-u", "docker", "skopeo", "copy", "a", "b"},
      {"xargs", "-n", "1", "crane", "pull"},
      {"pack", "version"},
      {"sh", "-c"},
      {"sudo"},
      {"timeout"},
      {"sh", "-c", "$(((((\"'"},
  }));
  CAPTURE(command);
  CHECK_FALSE(cli::advise_on_daemon(command, {}));
}

TEST_CASE("E2: a command that goes to registries itself, or to none, is not") {
  const auto command = GENERATE(values<line>({
      {"skopeo", "copy", "oci:docker", "docker://r.test/a:1"},
      {"buildah", "push", "docker"},
      {"podman", "push", "r.test/a:1"},
      {"ctr", "image", "push", "--local", "r.test/a:1"},
      {"ctr", "containers", "ls"},
      {"docker", "ps"},
      {"docker", "buildx", "imagetools", "inspect", "r.test/a"},
      {"crane", "push"},
      {"sh", "-c", "skopeo inspect docker://r.test/a"},
      {"true"},
      {},
  }));
  CAPTURE(command);
  CHECK_FALSE(cli::advise_on_daemon(command, {}));
}

TEST_CASE("E2: podman is remote by its environment, too") {
  CHECK(cli::advise_on_daemon({"podman", "push"}, {{"CONTAINER_HOST", "ssh://x"}}));
}

TEST_CASE("E1: the host that a failed command names had no login, and these are the entries there are") {
  const cli::unserved_hosts seen{{"cdn.test:443", "r.test"}, {"basic.test", "harbor.test:8443"}};
  const auto got = cli::advise_on_logins({"skopeo", "copy", "oci:x", "docker://r.test/team/app:1"}, seen);
  REQUIRE(got.size() == 1);
  CHECK_THAT(got[0].what, Contains("no credential is for r.test") && Contains("basic.test, harbor.test:8443"));
  CHECK_THAT(got[0].remedy, Contains("docker login r.test") && Contains("host = \"r.test\""));
}

TEST_CASE("E1: where the command names none, each host may be the registry") {
  const auto got = cli::advise_on_logins({"make", "push"}, {{"r.test", "s.test:5443"}, {}});
  REQUIRE(got.size() == 2);
  CHECK_THAT(got[1].what, Contains("s.test:5443") && Contains("no credential was found for any registry"));
  CHECK_THAT(got[1].remedy, Contains("if it is the registry"));
}

TEST_CASE("E1: nothing is said where nothing was passed on, and never of more than a few hosts") {
  CHECK(cli::advise_on_logins({"x"}, {{}, {"a.test"}}).empty());
  std::vector<std::string> many;
  for (int i = 0; i < 40; ++i) many.push_back("h" + std::to_string(i) + ".test");
  CHECK(cli::advise_on_logins({"x"}, {many, {}}).size() <= 5);
}

TEST_CASE("E1: a failed command that no request came from is told why that may be") {
  const auto word = GENERATE(as<std::string>(), "docker://localhost:5000/t/a:1", "127.0.0.1:5000/a", "[::1]:5000/a",
                             "--registry=localhost:5000", "http://127.0.0.1:5000/v2/");
  CAPTURE(word);
  const auto on_loopback = cli::advise_on_silence({"skopeo", "inspect", word});
  CHECK_THAT(on_loopback.what, Contains("no request") && Contains("on loopback") && Contains(":5000"));
  CHECK_THAT(on_loopback.remedy, Contains("with the client itself"));
  const auto any = cli::advise_on_silence({"make", "push"});
  CHECK_THAT(any.what, Contains("no request") && Contains("NO_PROXY") && Contains("daemons"));
  CHECK_THAT(any.remedy, Contains("regpass serve"));
}
