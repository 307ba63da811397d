#include "daemon/credential_loader.hpp"

#include "support/temporary_directory.hpp"

#include <catch2/catch.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <stop_token>
#include <thread>

using namespace regpass;
using Catch::Matchers::Contains;
namespace fs = std::filesystem;

namespace {

constexpr std::size_t cap = 64 * 1024;

// "alice:secret" and "bob:secret".
constexpr std::string_view alice = R"({"auths": {"harbor.test": {"auth": "YWxpY2U6c2VjcmV0"}}})";
constexpr std::string_view bob = R"({"auths": {"harbor.test": {"auth": "Ym9iOnNlY3JldA=="}}})";
constexpr std::string_view cut = R"({"auths": {"harbor.test": )";

std::vector<std::string> users(const daemon::credentials& found) {
  std::vector<std::string> names;
  for (const auto& entry : found.store.entries) names.push_back(entry.credential ? entry.credential->username : "?");
  return names;
}

// What the kubelet does: a new directory of a generation, and "..data" swapped to it.
void mount_secret(const testing::temporary_directory& dir, const std::string& generation, std::string_view content) {
  fs::create_directory(dir / generation);
  dir.put(generation + "/.dockerconfigjson", content);
  fs::create_symlink(generation, dir / "..data_tmp");
  fs::rename(dir / "..data_tmp", dir / "..data");
  std::error_code exists;
  fs::create_symlink("..data/.dockerconfigjson", dir / ".dockerconfigjson", exists);
}

}  // namespace

TEST_CASE("A file that is named gives its entries and says what became of it") {
  const testing::temporary_directory dir;
  const auto file = dir.put("config.json", alice);
  daemon::credential_loader loader({file, dir / "none.json"}, cap);
  const auto found = loader.load();
  CHECK(users(found) == std::vector<std::string>{"alice"});
  CHECK(found.store.sources == std::vector<std::string>{file.string()});
  CHECK(found.rejected.empty());
  REQUIRE(found.searched.size() == 2);
  CHECK(found.searched[0] == file.string() + " (1 entries, 1 usable)");
  CHECK(found.searched[1] == (dir / "none.json").string() + " (does not exist)");
}

TEST_CASE("In a directory the usual names come first, and secrets mounted side by side are found") {
  const testing::temporary_directory dir;
  dir.put("zz.json", R"({"auths": {"z.test": {"auth": "YWxpY2U6c2VjcmV0"}}})");
  dir.put("config.json", bob);
  dir.put("notes.txt", "not a credential file");
  fs::create_directory(dir / "team-a");
  dir.put("team-a/.dockercfg", R"({"a.test": {"auth": "YWxpY2U6c2VjcmV0"}})");
  daemon::credential_loader loader({dir.path()}, cap);
  const auto found = loader.load();
  CHECK(found.read == std::vector<fs::path>{dir / "config.json", dir / "zz.json", dir / "team-a/.dockercfg"});
  CHECK(users(found) == std::vector<std::string>{"bob", "alice", "alice"});
}

TEST_CASE("A directory without credential files says so") {
  const testing::temporary_directory dir;
  daemon::credential_loader loader({dir.path()}, cap);
  const auto found = loader.load();
  CHECK(found.store.entries.empty());
  REQUIRE(found.searched.size() == 1);
  CHECK_THAT(found.searched[0], Contains("without credential files"));
}

TEST_CASE("A mounted secret is read once, and anew when the kubelet swaps it") {
  const testing::temporary_directory dir;
  mount_secret(dir, "..2026_1", alice);
  daemon::credential_loader loader({dir.path()}, cap);
  const auto before = loader.load();
  REQUIRE(users(before) == std::vector<std::string>{"alice"});
  mount_secret(dir, "..2026_2", bob);
  const auto after = loader.load();
  CHECK(users(after) == std::vector<std::string>{"bob"});
  CHECK(before.store.entries[0].credential->generation != after.store.entries[0].credential->generation);
}

TEST_CASE("An unchanged entry keeps its generation, and so its tokens") {
  const testing::temporary_directory dir;
  dir.put("config.json", alice);
  daemon::credential_loader loader({dir.path()}, cap);
  const auto before = loader.load();
  const auto after = loader.load();
  CHECK(before.store.entries.at(0).credential->generation == after.store.entries.at(0).credential->generation);
}

TEST_CASE("Bad content keeps the last good one in force and says why (T29)") {
  const testing::temporary_directory dir;
  const auto file = dir.put("config.json", alice);
  daemon::credential_loader loader({dir.path()}, cap);
  const auto before = loader.load();
  const std::string too_long(cap + 1, ' ');
  const auto content = GENERATE_COPY(std::string(cut), std::string("[1]"), std::string(), too_long);
  dir.put("config.json", content);
  const auto after = loader.load();
  CHECK(users(after) == std::vector<std::string>{"alice"});
  CHECK(before.store.entries.at(0).credential->generation == after.store.entries.at(0).credential->generation);
  REQUIRE(after.rejected.size() == 1);
  CHECK(after.rejected[0].file == file);
  CHECK(after.rejected[0].kept_old);
  CHECK_THAT(after.rejected[0].why, Contains(file.string()));
  CHECK_THAT(after.rejected[0].why, !Contains("secret"));
}

TEST_CASE("What is no file any more keeps the last good one in force, and is not waited for (T29, F13)") {
  const testing::temporary_directory dir;
  const auto file = dir.put("config.json", alice);
  daemon::credential_loader loader({dir.path()}, cap);
  REQUIRE(users(loader.load()) == std::vector<std::string>{"alice"});
  fs::remove(file);
  const auto kind = GENERATE(0, 1, 2);
  if (kind == 0) REQUIRE(::mkfifo(file.c_str(), 0600) == 0);
  if (kind == 1) fs::create_symlink(file.filename(), file);  // round and round
  if (kind == 2) REQUIRE(::symlink("/dev/zero", file.c_str()) == 0);
  const auto after = loader.load();
  CHECK(users(after) == std::vector<std::string>{"alice"});
  REQUIRE(after.rejected.size() == 1);
  CHECK(after.rejected[0].kept_old);
  fs::remove(file);
  fs::create_symlink("nowhere", file);  // as good as removed
  CHECK(users(loader.load()).empty());
}

TEST_CASE("A file that is replaced all the time is read as one of its contents, never as parts of two (T29)") {
  const testing::temporary_directory dir;
  const auto file = dir.put("config.json", alice);
  daemon::credential_loader loader({file}, cap);
  REQUIRE(users(loader.load()).size() == 1);  // what is kept while it is cut
  std::jthread writer([&](const std::stop_token& over) {
    for (int i = 0; !over.stop_requested(); ++i) {
      dir.put("next", i % 3 == 0 ? cut : i % 3 == 1 ? alice : bob);
      fs::rename(dir / "next", file);
    }
  });
  std::size_t rejected = 0;
  for (int i = 0; i < 300; ++i) {
    const auto found = loader.load();
    rejected += found.rejected.size();
    const auto who = users(found);
    REQUIRE(who.size() == 1);
    CHECK((who[0] == "alice" || who[0] == "bob"));
  }
  writer.request_stop();
  writer.join();
  CHECK(rejected < 300);
}

TEST_CASE("Bad content without a good one before it leaves the other files alone") {
  const testing::temporary_directory dir;
  dir.put("config.json", cut);
  dir.put("other.json", bob);
  daemon::credential_loader loader({dir.path()}, cap);
  const auto found = loader.load();
  CHECK(users(found) == std::vector<std::string>{"bob"});
  REQUIRE(found.rejected.size() == 1);
  CHECK_FALSE(found.rejected[0].kept_old);
  CHECK_THAT(found.searched.at(0), Contains("unusable"));
}

TEST_CASE("A file that is gone takes its credentials with it, whatever it held before (T29)") {
  const testing::temporary_directory dir;
  const auto file = dir.put("config.json", alice);
  daemon::credential_loader loader({file}, cap);
  CHECK(users(loader.load()).size() == 1);
  fs::remove(file);
  CHECK(users(loader.load()).empty());
  dir.put("config.json", cut);
  const auto found = loader.load();
  CHECK(users(found).empty());
  CHECK_FALSE(found.rejected.at(0).kept_old);
}

TEST_CASE("Credentials are looked for where docker and podman keep them") {
  const auto places = daemon::default_places({{"REGISTRY_AUTH_FILE", "/r/auth.json"},
                                              {"DOCKER_CONFIG", "/d"},
                                              {"XDG_RUNTIME_DIR", "/run/user/1"},
                                              {"HOME", "/home/a"}});
  CHECK(places == std::vector<fs::path>{"/r/auth.json", "/d", "/run/user/1/containers/auth.json",
                                        "/home/a/.config/containers/auth.json", "/home/a/.docker/config.json",
                                        "/home/a/.dockercfg"});
  CHECK(daemon::default_places({{"XDG_CONFIG_HOME", "/c"}, {"HOME", "/h"}}) ==
        std::vector<fs::path>{"/c/containers/auth.json", "/h/.docker/config.json", "/h/.dockercfg"});
  CHECK(daemon::default_places({{"HOME", ""}}).empty());
  // What the service manager hands over comes first.
  CHECK(daemon::default_places(
            {{"CREDENTIALS_DIRECTORY", "/run/credentials/a"}, {"REGISTRY_AUTH_FILE", "/r/auth.json"}}) ==
        std::vector<fs::path>{"/run/credentials/a", "/r/auth.json"});
}
