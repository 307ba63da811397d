// A Landlock domain (landlock(7)): no programs are run, and nothing is written outside a few directories.
#include "regpass/base/descriptor.hpp"
#include "regpass/platform/confinement.hpp"

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>

namespace regpass::platform {

namespace {

// All rights of the first ABI version except reading, which every later kernel supports.
constexpr std::uint64_t writing = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
                                  LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR |
                                  LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
                                  LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |
                                  LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM;
constexpr std::uint64_t handled = writing | LANDLOCK_ACCESS_FS_EXECUTE;

std::string allow(const descriptor& rules, const std::filesystem::path& path, std::uint64_t rights) {
  const descriptor directory(::open(path.c_str(), O_PATH | O_CLOEXEC));
  if (directory.get() < 0) return {};  // it does not exist, so nothing can be written there
  landlock_path_beneath_attr rule{};
  rule.allowed_access = rights;
  rule.parent_fd = directory.get();
  if (::syscall(__NR_landlock_add_rule, rules.get(), LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0) return {};
  return path.string() + ": " + std::strerror(errno);
}

}  // namespace

std::string restrict_files(const std::vector<std::filesystem::path>& writable) {
  landlock_ruleset_attr attributes{};
  attributes.handled_access_fs = handled;
  const descriptor rules(static_cast<int>(::syscall(__NR_landlock_create_ruleset, &attributes, sizeof attributes, 0)));
  if (rules.get() < 0) return std::string("the kernel does not support it: ") + std::strerror(errno);
  for (const auto& path : writable) {
    std::error_code ignored;
    std::filesystem::create_directories(path, ignored);
    if (auto problem = allow(rules, path, writing); !problem.empty()) return problem;
  }
  if (auto problem = allow(rules, "/dev", LANDLOCK_ACCESS_FS_WRITE_FILE); !problem.empty()) return problem;
  if (::syscall(__NR_landlock_restrict_self, rules.get(), 0) == 0) return {};
  return std::strerror(errno);
}

}  // namespace regpass::platform
