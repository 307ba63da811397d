// What a person types first (row E7), and what `config check` judges (row C6).
#include "cli/commands/commands.hpp"
#include "support/environment.hpp"
#include "support/temporary_directory.hpp"

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <iostream>
#include <string>
#include <vector>

using namespace regpass;
using namespace regpass::testing;
using Catch::Contains;

namespace {

struct outcome {
  int code = 0;
  std::string out, err;
};

// Sends a descriptor into a file, for as long as it lives.
class diverted {
 public:
  diverted(int fd, const std::filesystem::path& file) : fd_(fd), kept_(::dup(fd)) {
    const int to = ::open(file.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC | O_TRUNC, 0600);
    ::dup2(to, fd);
    ::close(to);
  }
  diverted(const diverted&) = delete;
  diverted& operator=(const diverted&) = delete;
  ~diverted() {
    ::dup2(kept_, fd_);
    ::close(kept_);
  }

 private:
  int fd_;
  int kept_;
};

outcome typed(std::vector<std::string> words) {
  const temporary_directory place;
  words.insert(words.begin(), "regpass");
  std::vector<char*> arguments;
  for (auto& one : words) arguments.push_back(one.data());
  arguments.push_back(nullptr);
  outcome made;
  std::fflush(stdout);
  std::cout.flush();
  {
    const diverted out(STDOUT_FILENO, place / "out"), err(STDERR_FILENO, place / "err");
    made.code = cli::run_command_line(static_cast<int>(words.size()), arguments.data());
    std::fflush(stdout);
    std::cout.flush();
    std::cerr.flush();
  }
  made.out = content_of(place / "out");
  made.err = content_of(place / "err");
  return made;
}

// A configuration in a directory of its own, judged by `config check`.
struct judged {
  temporary_directory place;

  outcome check(const std::string& toml, const std::vector<std::string>& more = {}) const {
    const auto file = place.put("regpass.toml", "state_dir = '" + place.path().string() + "'\n" + toml);
    std::vector<std::string> words{"config", "check", "--config", file.string()};
    words.insert(words.end(), more.begin(), more.end());
    return typed(words);
  }
  std::string quoted(std::string_view name) const { return "'" + (place / name).string() + "'"; }
};

const std::string good_config = R"({"auths":{"r.test":{"auth":"YWxpY2U6c2VjcmV0"}}})";

}  // namespace

TEST_CASE("E7: version and help answer however they are asked for") {
  for (const auto& words : {std::vector<std::string>{"--version"}, {"-V"}, {"version"}}) {
    const auto got = typed(words);
    CHECK(got.code == cli::exit_fine);
    CHECK_THAT(got.out, Contains("regpass 0") && Contains("compiler"));
  }
  for (const auto& words : {std::vector<std::string>{"help"}, {"--help"}, {"-h"}}) {
    const auto got = typed(words);
    CHECK(got.code == cli::exit_fine);
    CHECK_THAT(got.out, Contains("serve") && Contains("explain"));
  }
  CHECK(typed({"help", "check"}).out == typed({"check", "--help"}).out);
  CHECK_THAT(typed({"help", "config", "check"}).out, Contains("--without-files"));
  const auto bare = typed({});
  CHECK(bare.code == cli::exit_usage);
  CHECK_THAT(bare.err, Contains("serve") && Contains("explain"));
}

TEST_CASE("E7: a misspelt command or option gets the nearest one") {
  struct row {
    std::vector<std::string> words;
    std::string said;
  };
  const auto [words, said] = GENERATE(values<row>({
      {{"serv"}, "did you mean: regpass serve"},
      {{"chekc", "alpine"}, "did you mean: regpass check"},
      {{"config", "chek"}, "did you mean: regpass config check"},
      {{"redirect", "aply"}, "did you mean: regpass redirect apply"},
      {{"help", "serv"}, "did you mean: regpass serve"},
      {{"help", "config", "shwo"}, "did you mean: regpass config show"},
      {{"frobnicate"}, "regpass --help names the commands"},
      {{"serve", "--confg", "x"}, "did you mean --config?"},
      {{"serve", "--confg=x"}, "did you mean --config?"},
      {{"run", "--pgae", "true"}, "did you mean --page?"},
      {{"check", "--pusch", "alpine"}, "did you mean --push?"},
      {{"check", "localhost:1/a:1", "--psuh"}, "did you mean --push?"},
      {{"explain", "x.log", "--lsat", "1"}, "did you mean --last?"},
      {{"healthcheck", "livez"}, "did you mean live?"},
      {{"healthcheck", "readyz"}, "did you mean ready?"},
      {{"serve", "/etc/regpass.toml"}, "regpass serve --config /etc/regpass.toml"},
      {{"config", "check", "regpass.toml"}, "regpass config check --config regpass.toml"},
      {{"config", "show", "log.level"}, "regpass config show | grep level"},
      {{"serve", "log.level=debug"}, "regpass serve --set log.level=debug"},
      {{"ca", "show", "all"}, "takes no argument"},
      {{"explain", "--jsno"}, "did you mean --json?"},
      {{"config", "show", "--sett", "log.level=debug"}, "did you mean --set?"},
      {{"ca", "show", "--colour", "never"}, "did you mean --color?"},
      {{"redirect", "apply", "--prot", "443"}, "did you mean --port?"},
      {{"healthcheck", "--wiat", "1"}, "did you mean --wait?"},
      {{"--verison"}, "did you mean --version?"},
      {{"--config", "x", "serve"}, "write it after the command"},
  }));
  const auto got = typed(words);
  CHECK(got.code == cli::exit_usage);
  CHECK_THAT(got.err, Contains(said));
  CHECK_THAT(got.err, !Contains("A subcommand is required"));
}

TEST_CASE("E7: a command that only groups others prints its help") {
  const auto name = GENERATE(as<std::string>(), "config", "redirect", "ca");
  const auto got = typed({name});
  CHECK(got.code == cli::exit_usage);
  CHECK(got.out.empty());
  CHECK(got.err == typed({name, "--help"}).out);
}

TEST_CASE("E7: check says of images that are in no registry that they are none of its") {
  const temporary_directory place;
  const auto word = GENERATE(as<std::string>(), "docker-daemon:x", "containers-storage:x", "oci-archive:/x.tar",
                             "dir:/x", "oci:/x", "docker-archive:x.tar");
  const auto got = typed({"check", "--set", "state_dir=" + place.path().string(), word});
  CHECK(got.code == cli::exit_usage);
  CHECK_THAT(got.err, Contains(word + " is in no registry"));
}

TEST_CASE("E7: check takes a URL of the registry's API for what it is of") {
  const temporary_directory place;
  const auto [word, meant] = GENERATE(table<std::string, std::string>({
      {"https://localhost:1/v1/", "localhost:1"},
      {"https://localhost:1/v2", "localhost:1"},
      {"localhost:1/v2/", "localhost:1"},
      {"http://localhost:1/v2/t/a/manifests/1", "localhost:1/t/a:1"},
      {"https://localhost:1/v2/t/a/tags/list", "localhost:1/t/a:latest"},
      {"localhost:1/v2", "localhost:1/v2:latest"},
  }));
  const auto got = typed({"check", "--json", "--set", "state_dir=" + place.path().string(), word});
  CHECK(got.code == cli::exit_failed);
  CHECK_THAT(got.out, Contains("\"reference\":\"" + meant + "\""));
}

TEST_CASE("E1: run says of a failed command that none of its requests came by") {
  const temporary_directory place;
  const auto run = [&](const std::vector<std::string>& command) {
    std::vector<std::string> words{"run", "--set", "state_dir=" + place.path().string(), "--"};
    words.insert(words.end(), command.begin(), command.end());
    return typed(words);
  };
  const std::string said = "no request of the command reached this sidecar";
  const auto failed = run({"sh", "-c", "exit 7", "localhost:5000/app"});
  CHECK(failed.code == 7);
  CHECK_THAT(failed.err, Contains(said) && Contains("localhost:5000"));
  CHECK_THAT(run({"true"}).err, !Contains(said));
  CHECK_THAT(run({"no-such-program"}).err, !Contains(said));
  const auto by_daemon = run({"sh", "-c", "exit 7; docker push x"});
  CHECK_THAT(by_daemon.err, Contains("an environment of its own") && !Contains(said));
}

TEST_CASE("E7: --set takes one value and leaves what follows to the command") {
  const temporary_directory place;
  const auto state = "state_dir=" + place.path().string();
  const auto listed = typed({"explain", "--set", state, "granted-less"});
  CHECK(listed.code == cli::exit_fine);
  CHECK_THAT(listed.out, Contains("Why it happens"));
  const auto shown = typed({"config", "show", "--set", state, "--set", "log.level=debug"});
  CHECK(shown.code == cli::exit_fine);
  CHECK_THAT(shown.out, Contains("level = \"debug\""));
  const auto bad = typed({"config", "show", "--set", "log.level"});
  CHECK(bad.code == cli::exit_usage);
  CHECK_THAT(bad.err, Contains("KEY=VALUE"));
}

TEST_CASE("E7: a list for --set is written as in the file, or with commas") {
  const temporary_directory place;
  const auto state = "state_dir=" + place.path().string();
  for (const auto* list : {R"(["/a b,c.json", "/d.json"])", R"([ '/a b,c.json','/d.json', ])"}) {
    const auto got =
        typed({"config", "show", "--set", state, "--set", std::string("credentials.docker_config=") + list});
    CHECK(got.code == cli::exit_fine);
    CHECK_THAT(got.out, Contains(R"(docker_config = ["/a b,c.json", "/d.json"])"));
  }
  CHECK_THAT(typed({"config", "show", "--set", state, "--set", "credentials.docker_config=/a,/b"}).out,
             Contains(R"(docker_config = ["/a", "/b"])"));
  CHECK_THAT(typed({"config", "show", "--set", state, "--set", "other_hosts.ports=[443, 8443]"}).out,
             Contains("ports = [443, 8443]"));
  CHECK_THAT(typed({"config", "show", "--set", state, "--set", "log.level=\"debug\""}).out,
             Contains("level = \"debug\""));
  const auto bad = typed({"config", "show", "--set", state, "--set", "credentials.docker_config=[\"/a\""});
  CHECK(bad.code == cli::exit_usage);
  CHECK_THAT(bad.err, Contains("must be a list of paths"));
  const auto unquoted =
      typed({"config", "show", "--set", state, "--set", "credentials.docker_config=[/a.json, /b.json]"});
  CHECK(unquoted.code == cli::exit_usage);
  CHECK_THAT(unquoted.err, Contains("quote each element") && !Contains("[\"[/a.json"));
  const environment_variable variable("REGPASS_CREDENTIALS_DOCKER_CONFIG", R"(["/e,f", "/g"])");
  CHECK_THAT(typed({"config", "show", "--set", state}).out, Contains(R"(docker_config = ["/e,f", "/g"])"));
}

TEST_CASE("C6: config check judges the credential files that the configuration names") {
  const judged here;
  const auto config = [&](const std::string& name) {
    return "[credentials]\ndocker_config = [" + here.quoted(name) + "]\n";
  };
  here.place.put("good.json", good_config);
  here.place.put("broken.json", "{");
  here.place.put("empty.json", "");
  here.place.put("useless.json", R"({"auths":{"r.test":{"auth":"bm8tY29sb24="}}})");
  here.place.put("mixed.json",
                 R"({"auths":{"r.test":{"auth":"YWxpY2U6c2VjcmV0"},"$REGISTRY":{"auth":"YWxpY2U6c2VjcmV0"}}})");
  here.place.put("helper.json", R"({"auths":{},"credHelpers":{"r.test":"no-such-program"}})");
  std::filesystem::create_directory(here.place / "directory");

  const auto good = here.check(config("good.json"));
  CHECK(good.code == cli::exit_fine);
  CHECK_THAT(good.out, Contains("is valid") && Contains("1 entries, 1 usable"));
  CHECK(good.err.empty());
  for (const auto* name : {"missing.json", "broken.json", "empty.json", "helper.json", "directory", "useless.json"}) {
    const auto got = here.check(config(name));
    INFO(name << ": " << got.out << got.err);
    CHECK(got.code == cli::exit_usage);
    CHECK_THAT(got.out, !Contains("is valid"));
    CHECK_THAT(got.err, Contains((here.place / name).string()));
    CHECK(here.check(config(name), {"--without-files"}).code == cli::exit_fine);
  }
  here.place.put("no-entries.json", R"({"auths":{}})");
  const auto without = here.check(config("no-entries.json"));
  CHECK(without.code == cli::exit_fine);
  CHECK_THAT(without.out, Contains("0 entries, 0 usable"));
  CHECK(without.err.empty());
  const auto mixed = here.check(config("mixed.json"));
  CHECK(mixed.code == cli::exit_fine);
  CHECK_THAT(mixed.err, Contains("warning: ") && Contains("$REGISTRY"));
  CHECK_THAT(mixed.out, Contains("2 entries, 1 usable"));
}

TEST_CASE("C6: config check judges password files, certificates and programs") {
  const judged here;
  here.place.put("good.json", good_config);
  here.place.put("bad-password", "one\ntwo\n");
  here.place.put("password", "secret\n");
  here.place.put("no.pem", "no certificate");
  const std::string registry = "[[registry]]\nhost = 'r.test'\n";
  const auto credential = [&](const std::string& keys) { return registry + "[[registry.credential]]\n" + keys + "\n"; };
  struct row {
    std::string toml, said;
  };
  const std::vector<row> rows{
      {credential("username = 'u'\npassword_file = " + here.quoted("missing")), "missing"},
      {credential("username = 'u'\npassword_file = " + here.quoted("bad-password")), "bad-password"},
      {credential("token_file = " + here.quoted("missing")), "missing"},
      {credential("docker_config = " + here.quoted("missing.json")), "missing.json"},
      {"[[registry]]\nhost = 'other.test'\n[[registry.credential]]\ndocker_config = " + here.quoted("good.json") + "\n",
       "has no entry for other.test"},
      {registry + "ca_file = " + here.quoted("no.pem") + "\n", "no.pem"},
      {registry + "client_cert_file = " + here.quoted("no.pem") + "\nclient_key_file = " + here.quoted("no.pem") + "\n",
       "no.pem"},
      {"[client_auth]\nsecret_file = " + here.quoted("missing") + "\n", "missing"},
      {"[[credentials.kubelet_provider]]\ncommand = ['/nowhere/provider']\nmatch_images = ['r.test']\n",
       "/nowhere/provider"},
      {"[[credentials.kubelet_provider]]\ncommand = [" + here.quoted("good.json") + "]\nmatch_images = ['r.test']\n",
       "does not exist as a file that this user may execute"},
      {"[[credentials.kubelet_provider]]\ncommand = [" + here.quoted("") + "]\nmatch_images = ['r.test']\n",
       "does not exist as a file that this user may execute"},
      {"[[credentials.kubelet_provider]]\ncommand = ['no-such-provider']\nmatch_images = ['r.test']\n",
       "no-such-provider"},
  };
  for (const auto& one : rows) {
    const auto got = here.check(one.toml);
    INFO(one.toml << got.out << got.err);
    CHECK(got.code == cli::exit_usage);
    CHECK_THAT(got.err, Contains(one.said));
  }
  CHECK(here.check(credential("username = 'u'\npassword_file = " + here.quoted("password"))).code == cli::exit_fine);
  CHECK(here.check("[client_auth]\nsecret_file = " + here.quoted("made") + "\ncreate = true\n").code == cli::exit_fine);
  CHECK_FALSE(std::filesystem::exists(here.place / "made"));
}
