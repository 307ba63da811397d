#include "config/support.hpp"
#include "daemon/credential_loader.hpp"
#include "support/temporary_directory.hpp"

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

using namespace regpass;
using Catch::Matchers::Contains;
namespace fs = std::filesystem;

namespace {

constexpr std::size_t cap = 64 * 1024;

daemon::credential_sources password_in(const fs::path& file) {
  daemon::configured_credential one;
  one.host = registry::make_host("r.test", 443);
  one.range.configured = true;
  one.key = "[[registry.credential]] 1 of r.test";
  one.file = file;
  one.username = "robot";
  return {.places = {}, .helpers = true, .configured = {one}, .providers = {}};
}

std::string value_of(const auth::credential_entry& entry) {
  return entry.credential ? std::string(entry.credential->value.expose()) : "problem: " + entry.problem;
}

// What there is instead of a password, and what is said of it.
struct bad_file {
  std::string what, said;
};

void put_bad(const testing::temporary_directory& dir, const std::string& what) {
  const auto file = dir / "password";
  fs::remove(file);
  if (what == "empty") dir.put("password", "");
  if (what == "only a line break") dir.put("password", "\n");
  if (what == "NUL") dir.put("password", std::string("a\0b", 3));
  if (what == "line break inside") dir.put("password", "a\nb\n");
  if (what == "two line breaks") dir.put("password", "a\n\n");
  if (what == "UTF-16") dir.put("password", std::string("\xFF\xFEp\0w\0", 6));
  if (what == "directory") fs::create_directory(file);
  if (what == "FIFO") REQUIRE(::mkfifo(file.c_str(), 0600) == 0);
  if (what == "link to itself") fs::create_symlink("password", file);
  if (what != "2 GiB") return;
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  REQUIRE(::ftruncate(fd, 2'147'483'648) == 0);
  ::close(fd);
}

}  // namespace

TEST_CASE("The configuration's credentials come first, for their host, repositories and actions") {
  const testing::temporary_directory dir;
  dir.put("password", "p1\n");
  dir.put("config.json", R"({"auths": {"r.test": {"auth": "YWxpY2U6c2VjcmV0"}}})");
  const auto l = config::from("[credentials]\ndocker_config = ['" + (dir / "config.json").string() +
                              "']\n[[registry]]\nhost = 'r.test'\n[[registry.credential]]\nrepositories = "
                              "['team-a/*']\nactions = ['push']\nusername = 'robot'\npassword_file = '" +
                              (dir / "password").string() + "'\n");
  REQUIRE(config::report(l).empty());
  daemon::credential_loader loader(daemon::sources_from(l.settings, {}), cap);
  const auto found = loader.load();
  REQUIRE(found.store.entries.size() == 2);
  const auto& first = found.store.entries[0];
  CHECK(first.source == (dir / "password").string());
  CHECK(first.key == "[[registry.credential]] 1 of r.test");
  CHECK(first.range.repositories == std::vector<std::string>{"team-a/*"});
  CHECK(first.range.actions == std::vector<registry::action>{registry::action::push});
  CHECK(first.range.configured);
  CHECK(value_of(first) == "p1");
  CHECK(first.credential->username == "robot");
  CHECK(value_of(found.store.entries[1]) == "secret");
  const auto places = loader.places();
  CHECK(std::ranges::find(places, dir / "password") != places.end());
}

TEST_CASE("C1: a mark of UTF-8 and one line break at the end of a password file do not count, blanks do") {
  const testing::temporary_directory dir;
  const auto [content, value] = GENERATE(table<std::string, std::string>(
      {{"p", "p"},
       {"p\n", "p"},
       {"p\r\n", "p"},
       {" p ", " p "},
       {"\xEF\xBB\xBFp\r\n", "p"},
       {"{\n\"type\": \"service_account\"\n}\n", "{\n\"type\": \"service_account\"\n}"}}));
  const auto file = dir.put("password", content);
  daemon::credential_loader loader(password_in(file), cap);
  CHECK(value_of(loader.load().store.entries.at(0)) == value);
}

TEST_CASE("A token that no Authorization field may carry is refused with its place") {
  const testing::temporary_directory dir;
  const auto file = dir.put("token", "abc\ndef");
  auto sources = password_in(file);
  sources.configured[0].kind = auth::credential_kind::bearer;
  daemon::credential_loader loader(sources, cap);
  CHECK(value_of(loader.load().store.entries.at(0)) ==
        "problem: " + file.string() + ": the token holds a line break (at 3)");
}

TEST_CASE("Whatever stands in place of a password file is refused, and the last good password kept") {
  const testing::temporary_directory dir;
  const auto bad = GENERATE(values<bad_file>({{"empty", "the file is empty"},
                                              {"only a line break", "the file is empty"},
                                              {"NUL", "byte 1 is NUL, which has no place in a text file"},
                                              {"line break inside", "the password holds a line break (at 1)"},
                                              {"two line breaks", "the password ends in a line break"},
                                              {"UTF-16", "the file is UTF-16; save it as UTF-8"},
                                              {"directory", "is a directory"},
                                              {"FIFO", "is no regular file"},
                                              {"link to itself", "Too many levels of symbolic links"},
                                              {"2 GiB", "has 2147483648 bytes; at most 65536 are read"}}));
  INFO(bad.what);
  const auto file = dir / "password";
  put_bad(dir, bad.what);
  daemon::credential_loader fresh(password_in(file), cap);
  const auto none = fresh.load();
  CHECK_FALSE(none.store.entries.at(0).credential);
  CHECK_THAT(none.store.entries.at(0).problem, Contains(file.string()) && Contains(bad.said));
  REQUIRE(none.rejected.size() == 1);
  CHECK_FALSE(none.rejected[0].kept_old);

  fs::remove_all(file);
  dir.put("password", "good");
  daemon::credential_loader loader(password_in(file), cap);
  const auto before = loader.load();
  put_bad(dir, bad.what);
  const auto after = loader.load();
  CHECK(value_of(after.store.entries.at(0)) == "good");
  CHECK(after.store.entries[0].credential == before.store.entries.at(0).credential);
  REQUIRE(after.rejected.size() == 1);
  CHECK(after.rejected[0].kept_old);
  CHECK_THAT(after.rejected[0].why, Contains(bad.said));
}

TEST_CASE("A password file that is gone takes its password with it, and nothing takes its place") {
  const testing::temporary_directory dir;
  const auto file = dir.put("password", "good");
  daemon::credential_loader loader(password_in(file), cap);
  CHECK(value_of(loader.load().store.entries.at(0)) == "good");
  fs::remove(file);
  const auto after = loader.load();
  CHECK_THAT(value_of(after.store.entries.at(0)), Contains("problem: " + file.string()));
  CHECK_FALSE(after.rejected.at(0).kept_old);
}

TEST_CASE("A docker_config of one registry gives its entry for that registry only") {
  const testing::temporary_directory dir;
  const auto file = dir.put("push.json", R"({"auths": {"x.test": {"auth": "Ym9iOnNlY3JldA=="},
                                                     "r.test": {"auth": "YWxpY2U6c2VjcmV0"}}})");
  auto sources = password_in(file);
  sources.configured[0].docker_config = true;
  sources.places = {dir.path()};
  daemon::credential_loader loader(sources, cap);
  const auto found = loader.load();
  REQUIRE(found.store.entries.size() == 1);
  CHECK(found.store.entries[0].credential->username == "alice");
  sources.configured[0].host = registry::make_host("other.test", 443);
  loader.follow(sources);
  CHECK(loader.load().store.entries.at(0).problem == file.string() + " has no entry for other.test");
}

TEST_CASE("A docker_config of one registry may leave it to credsStore, where it has no password of its own") {
  const testing::temporary_directory dir;
  const auto auths =
      GENERATE(as<std::string>(), "{}", R"({"r.test": {}})", R"({"x.test": {"auth": "Ym9iOnNlY3JldA=="}})",
               R"({"r.test": {"auth": "YWxpY2U6c2VjcmV0"}})");
  INFO(auths);
  const auto file = dir.put("push.json", R"({"credsStore": "all", "auths": )" + auths + "}");
  auto sources = password_in(file);
  sources.configured[0].docker_config = true;
  daemon::credential_loader loader(sources, cap);
  const auto on = loader.load().store.entries.at(0);
  const bool has_password = auths.find("r.test\": {\"auth\"") != std::string::npos;
  CHECK((on.credential != nullptr) == has_password);
  REQUIRE((on.program != nullptr) != has_password);
  if (on.program) CHECK(auth::name_of(*on.program) == "docker-credential-all");
  CHECK(on.host == sources.configured[0].host);
  sources.helpers = false;
  loader.follow(sources);
  CHECK_FALSE(loader.load().store.entries.at(0).program);
}

TEST_CASE("Helpers of a file stand before its entries, unless they are switched off") {
  const testing::temporary_directory dir;
  const auto file = dir.put("config.json", R"({"auths": {"r.test": {"auth": "YWxpY2U6c2VjcmV0"}},
                                             "credsStore": "all", "credHelpers": {"r.test": "one"}})");
  daemon::credential_loader loader({file}, cap);
  const auto on = loader.load().store.entries;
  REQUIRE(on.size() == 3);
  CHECK(auth::name_of(*on[0].program) == "docker-credential-one");
  CHECK(auth::name_of(*on[1].program) == "docker-credential-all");
  loader.follow({.places = {file}, .helpers = false, .configured = {}, .providers = {}});
  const auto off = loader.load().store.entries;
  REQUIRE(off.size() == 2);
  CHECK(off[0].problem == "it is asked of docker-credential-one, but credentials.helpers is false");
  CHECK(off[1].credential);
}
