// The file of [client_auth] secret_file (T01, T29).
#include "daemon/client_secret.hpp"

#include "support/full_disk.hpp"
#include "support/temporary_directory.hpp"

#include <catch2/catch.hpp>
#include <sys/stat.h>

#include <fstream>

using namespace regpass;
using namespace regpass::daemon;
using namespace regpass::testing;
namespace fs = std::filesystem;

namespace {

void write(const fs::path& file, const std::string& text) {
  std::ofstream(file, std::ios::trunc) << text;
}

unsigned mode_of(const fs::path& file) {
  struct stat about{};
  REQUIRE(::lstat(file.c_str(), &about) == 0);
  return about.st_mode & 07777U;
}

std::string password(const result<std::shared_ptr<const secret>>& loaded) {
  REQUIRE(loaded.has_value());
  REQUIRE(*loaded);
  return std::string((*loaded)->expose());
}

}  // namespace

TEST_CASE("T01 without a file no password is asked for") {
  client_secret_loader loader;
  const auto loaded = loader.load({});
  REQUIRE(loaded.has_value());
  CHECK(*loaded == nullptr);
}

TEST_CASE("T01 a password that is made is random, fits into a URL and is for its owner only") {
  const temporary_directory place;
  const auto file = place / "new/secret";
  client_secret_loader loader;
  const auto made = password(loader.load({.secret_file = file, .create = true}));
  CHECK(made.size() == 48);
  CHECK(made.find_first_not_of("0123456789abcdef") == std::string::npos);
  CHECK(mode_of(file) == 0600);
  CHECK(std::distance(fs::directory_iterator(file.parent_path()), {}) == 1);
  CHECK(password(client_secret_loader().load({.secret_file = file, .create = true})) == made);
  CHECK(password(loader.load({.secret_file = place / "other", .create = true})) != made);
}

TEST_CASE("T01 a password can be made for a builder that is another user, whatever the umask") {
  const temporary_directory place;
  const auto before = ::umask(077);
  const auto made_for = [&](const char* name, config::readers readable_by) {
    const auto file = place / name;
    const config::client_auth_settings from{.secret_file = file, .create = true, .readable_by = readable_by};
    CHECK_FALSE(password(client_secret_loader().load(from)).empty());
    return mode_of(file);
  };
  CHECK(made_for("group", config::readers::group) == 0640);
  CHECK(made_for("everyone", config::readers::everyone) == 0644);
  ::umask(before);
}

TEST_CASE("T29 a file or link that is there is never written to") {
  const temporary_directory place;
  write(place / "target", "");
  fs::create_symlink(place / "target", place / "link");
  fs::create_symlink(place / "nowhere", place / "loose");
  CHECK_FALSE(client_secret_loader().load({.secret_file = place / "link", .create = true}).has_value());
  CHECK_FALSE(client_secret_loader().load({.secret_file = place / "loose", .create = true}).has_value());
  CHECK(fs::file_size(place / "target") == 0);
  CHECK_FALSE(fs::exists(place / "nowhere"));
}

TEST_CASE("T01 a file that cannot be used is an error at first, and later leaves the password in force") {
  const temporary_directory place;
  const auto file = place / "secret";
  client_secret_loader loader;
  const auto missing = loader.load({.secret_file = file});
  REQUIRE_FALSE(missing.has_value());
  CHECK(missing.error().detail.starts_with(file.string()));
  write(file, "one\n");
  CHECK(password(loader.load({.secret_file = file})) == "one");
  write(file, "");
  CHECK(password(loader.load({.secret_file = file})) == "one");
  fs::remove(file);
  CHECK(password(loader.load({.secret_file = file})) == "one");
  write(file, "two");
  CHECK(password(loader.load({.secret_file = file})) == "two");
  CHECK_FALSE(loader.load({.secret_file = place / "elsewhere"}).has_value());
}

TEST_CASE("a disk that is full leaves no half a password (F13)") {
  const temporary_directory place;
  const config::client_auth_settings from{.secret_file = place / "secret", .create = true};
  {
    const full_disk full(static_cast<std::size_t>(GENERATE(0, 10)));
    const auto made = client_secret_loader().load(from);
    REQUIRE_FALSE(made.has_value());
    CHECK(made.error().detail.starts_with((place / "secret").string()));
  }
  CHECK(fs::is_empty(place.path()));
  CHECK(password(client_secret_loader().load(from)).size() >= 32);
}
