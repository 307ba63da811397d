#include "daemon/report/file_access.hpp"

#include "support/temporary_directory.hpp"

#include <catch2/catch.hpp>
#include <sys/stat.h>

using namespace regpass;

TEST_CASE("X6: files with secrets that every user may read are found, but not in a container's own volumes") {
  const testing::temporary_directory place;
  const auto open = place.put("open", "secret");
  const auto closed = place.put("closed", "secret");
  const auto group = place.put("group", "secret");
  ::chmod(open.c_str(), 0644);
  ::chmod(closed.c_str(), 0600);
  ::chmod(group.c_str(), 0640);
  const std::vector<std::filesystem::path> all{open, closed, group, "", place / "none", place.path()};
  CHECK(daemon::readable_by_others(all) == std::vector<std::filesystem::path>{open});

  const auto volume = place / "volume";
  std::filesystem::create_directories(volume / "..2026");
  std::filesystem::create_symlink("..2026", volume / "..data");
  const auto mounted = place.put("volume/password", "secret");
  ::chmod(mounted.c_str(), 0644);
  CHECK(daemon::readable_by_others({mounted}).empty());
}
