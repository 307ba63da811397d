#include "regpass/base/file.hpp"

#include "support/temporary_directory.hpp"

#include <catch2/catch.hpp>
#include <sys/stat.h>
#include <unistd.h>

using namespace regpass;

namespace {

error problem_of(const std::filesystem::path& path, std::size_t cap = 100) {
  auto text = read_file(path, cap);
  REQUIRE_FALSE(text);
  CHECK(text.error().detail.starts_with(path.string() + ": "));
  return text.error();
}

}  // namespace

TEST_CASE("A file is read whole, up to the bound and through links", "[limits.credential_file_bytes]") {
  const testing::temporary_directory dir;
  dir.put("file", "0123456789");
  std::filesystem::create_symlink("file", dir.path() / "link");
  CHECK(read_file(dir.path() / "file", 10) == "0123456789");
  CHECK(read_file(dir.path() / "link", 10) == "0123456789");
  CHECK(problem_of(dir.path() / "file", 9).code == errc::too_large);
}

TEST_CASE("What is no file says so, and is not waited for (T29)") {
  const testing::temporary_directory dir;
  REQUIRE(::mkfifo((dir.path() / "fifo").c_str(), 0600) == 0);
  CHECK(problem_of(dir.path() / "none").code == errc::not_found);
  CHECK(problem_of(dir.path() / "fifo").code == errc::bad_input);
  CHECK(problem_of(dir.path()).detail.ends_with(": is a directory"));
  CHECK(problem_of("/dev/zero").code == errc::bad_input);
}

TEST_CASE("The null device is an empty file") {
  CHECK(read_file("/dev/null", 10) == "");
}

TEST_CASE("A path is shown without its control characters") {
  auto text = read_file("/none/\x1b[31m", 10);
  REQUIRE_FALSE(text);
  CHECK(text.error().detail.find('\x1b') == std::string::npos);
}
