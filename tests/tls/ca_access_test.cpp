// Who else may read or replace the CA's key.
#include "regpass/tls/ca.hpp"
#include "support/temporary_directory.hpp"

#include <catch2/catch.hpp>
#include <sys/stat.h>

using namespace regpass;
using Catch::Contains;

namespace {

result<tls::authority> open_in(const std::filesystem::path& dir) {
  return tls::authority::open({.dir = dir, .names = {"a.test"}}, now().wall);
}

unsigned mode_of(const std::filesystem::path& path) {
  struct stat info{};
  ::stat(path.c_str(), &info);
  return info.st_mode & 07777U;
}

}  // namespace

TEST_CASE("X6: a CA key that others may read is used with a warning") {
  const testing::temporary_directory place;
  const auto dir = place / "ca";
  const auto made = open_in(dir);
  REQUIRE(made);
  CHECK(made->remarks().empty());
  const auto mode = GENERATE(0644U, 0640U, 0604U);
  ::chmod((dir / "ca.key").c_str(), mode);
  const auto again = open_in(dir);
  REQUIRE(again);
  REQUIRE(again->remarks().size() == 1);
  CHECK_THAT(again->remarks().front(), Contains("ca.key has the mode 06") && Contains("chmod 0600"));
}

TEST_CASE("X6: a CA key that everybody may change is refused") {
  const testing::temporary_directory place;
  const auto dir = place / "ca";
  REQUIRE(open_in(dir));
  ::chmod((dir / "ca.key").c_str(), 0666);
  const auto again = open_in(dir);
  REQUIRE_FALSE(again);
  CHECK_THAT(again.error().detail, Contains("ca.key has the mode 0666"));
}

TEST_CASE("X6: a CA directory of ours that others may write to gets a safe mode and a warning") {
  const testing::temporary_directory place;
  const auto dir = place / "ca";
  REQUIRE(open_in(dir));
  ::chmod(dir.c_str(), 0777);
  const auto again = open_in(dir);
  REQUIRE(again);
  REQUIRE(again->remarks().size() == 1);
  CHECK_THAT(again->remarks().front(), Contains("has the mode 0777"));
  CHECK(mode_of(dir) == 0700);
  CHECK(open_in(dir)->remarks().empty());
}

TEST_CASE("X6: the modes of Kubernetes volumes are accepted") {
  const testing::temporary_directory place;
  const auto dir = place / "ca";
  REQUIRE(open_in(dir));
  const auto mode = GENERATE(01777U, 02770U, 0750U);
  ::chmod(dir.c_str(), mode);
  const auto again = open_in(dir);
  REQUIRE(again);
  CHECK(again->remarks().empty());
  CHECK(mode_of(dir) == mode);
}
