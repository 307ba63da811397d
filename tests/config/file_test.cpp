#include "config/keys/schema.hpp"
#include "support.hpp"

#include <catch2/catch.hpp>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

using namespace regpass;
using namespace regpass::config;
using std::filesystem::path;

namespace {

// A directory that goes with the test.
struct scratch {
  scratch() {
    auto name = (std::filesystem::temp_directory_path() / "regpass-config-XXXXXX").string();
    if (mkdtemp(name.data())) directory = name;
  }
  ~scratch() { std::filesystem::remove_all(directory); }
  scratch(const scratch&) = delete;
  scratch& operator=(const scratch&) = delete;

  path write(const std::string& name, const std::string& text) const {
    std::ofstream(directory / name) << text;
    return directory / name;
  }

  path directory;
};

loaded load_file(const path& file) {
  auto in = plain();
  in.file = file;
  return load(in);
}

path example(const std::string& name) {
  return path(REGPASS_SOURCE_DIR) / "config/examples" / name;
}

}  // namespace

TEST_CASE("every example loads, for each purpose") {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(example(""))) {
    ++count;
    for (const auto p : {purpose::serve, purpose::run, purpose::check}) {
      auto in = plain(p);
      in.file = entry.path();
      const auto l = load(in);
      INFO(entry.path());
      CHECK(report(l).empty());
      CHECK(l.file == entry.path());
    }
  }
  CHECK(count == 4);
}

TEST_CASE("the full example has every key, with its default") {
  const auto l = load_file(example("full.toml")), plain_one = from("[[registry]]\nhost = 'harbor.example.com'");
  for (const auto& key : keys()) {
    INFO(key.name);
    CHECK(key.get(l.settings) == key.get(plain_one.settings));
    const auto origin = l.origins.at(std::string(key.name));
    const bool directory = key.name == "state_dir" || key.name == "tls.ca_dir" || key.name == "tls.publish_dir";
    CHECK(origin.starts_with(directory ? "default" : example("full.toml").string()));
  }
  REQUIRE(l.settings.mirrors.size() == 1);
  for (const auto& key : mirror_keys())
    CHECK(l.origins.at("mirror[0]." + std::string(key.name)).starts_with(example("full.toml").string()));
  REQUIRE(l.settings.registries.size() == 1);
  for (const auto& key : registry_keys()) {
    INFO(key.name);
    CHECK(key.get(l.settings.registries[0]) == key.get(plain_one.settings.registries[0]));
    CHECK(l.origins.at("registry[0]." + std::string(key.name)).starts_with(example("full.toml").string()));
  }
  for (const auto& key : credential_keys())
    CHECK(l.origins.at("registry.credential[0]." + std::string(key.name)).starts_with(example("full.toml").string()));
  for (const auto& key : provider_keys())
    CHECK(l.origins.at("credentials.kubelet_provider[0]." + std::string(key.name))
              .starts_with(example("full.toml").string()));
}

TEST_CASE("the sidecar's example does what it says") {
  const auto s = load_file(example("buildkit-sidecar.toml")).settings;
  CHECK(s.tls.ca_dir == "/var/lib/regpass/ca");
  CHECK(s.tls.publish_dir == "/run/regpass/trust");
  CHECK(s.client_auth.secret_file == "/run/regpass/client/secret");
  CHECK(s.listen.health == "0.0.0.0:9128");
  REQUIRE(s.registries.size() == 2);
  CHECK(s.registries[0].policy.push == std::vector<std::string>{"team-a/*"});
  CHECK(s.registries[1].policy.push.empty());
}

TEST_CASE("the file is the one named by --config, else by REGPASS_CONFIG") {
  const scratch s;
  auto in = plain();
  in.environment["REGPASS_CONFIG"] = s.write("b.toml", "explain.history = 2");
  CHECK(load(in).settings.explain.history == 2);
  CHECK(load(in).file == s.directory / "b.toml");
  in.file = s.write("a.toml", "explain.history = 1");
  CHECK(load(in).settings.explain.history == 1);
  CHECK(load(in).origins.at("explain.history") == (s.directory / "a.toml").string() + ":1");
}

TEST_CASE("a file that was named must be readable") {
  const scratch s;
  const auto missing = load_file(s.directory / "none.toml");
  CHECK(report(missing) == "cannot read the configuration " + (s.directory / "none.toml").string() +
                               ": No such file or directory | correct --config, or the file\n");
  CHECK(missing.file.empty());
  auto in = plain();
  in.environment["REGPASS_CONFIG"] = s.directory / "none.toml";
  CHECK(report(load(in)).ends_with("| correct REGPASS_CONFIG, or the file\n"));
  CHECK(report(load_file(s.directory)).find("is a directory") != std::string::npos);
  CHECK(load_file("/dev/null").problems.empty());
}

TEST_CASE("a FIFO and a device are refused and not waited for (T29)") {
  const scratch s;
  REQUIRE(mkfifo((s.directory / "fifo").c_str(), 0600) == 0);
  CHECK(report(load_file(s.directory / "fifo")).find("is no regular file") != std::string::npos);
  CHECK(report(load_file("/dev/zero")).find("is no regular file") != std::string::npos);
}

TEST_CASE("the files of a registry must be readable when it is loaded") {
  const scratch s;
  s.write("ca.pem", "x");
  s.write("key.pem", "x");
  const auto file = s.write("r.toml",
                            "[[registry]]\nhost = 'a.test'\nca_file = 'ca.pem'\nclient_cert_file = 'cert.pem'\n"
                            "client_key_file = 'key.pem'\n");
  const auto l = load_file(file);
  REQUIRE(l.problems.size() == 1);
  CHECK(l.problems[0].what == file.string() + ":4:1: `client_cert_file`: cannot read " +
                                  (s.directory / "cert.pem").string() + ": No such file or directory");
  s.write("cert.pem", "x");
  CHECK(load_file(file).problems.empty());
}

TEST_CASE("the environment of the process is a map") {
  setenv("REGPASS_TEST_OF_ENVIRONMENT", "a=b", 1);
  CHECK(process_environment().at("REGPASS_TEST_OF_ENVIRONMENT") == "a=b");
  unsetenv("REGPASS_TEST_OF_ENVIRONMENT");
  CHECK_FALSE(process_environment().contains("REGPASS_TEST_OF_ENVIRONMENT"));
}
