#include "regpass/base/file.hpp"

#include "regpass/base/descriptor.hpp"
#include "regpass/base/text.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace regpass {

namespace {

std::string shown(const std::filesystem::path& path) {
  return clean(path.string()) + ": ";
}

// "/dev/null" is commonly used for "none".
bool is_null_device(const struct stat& about) {
  return S_ISCHR(about.st_mode) && about.st_rdev == ::makedev(1, 3);
}

error os_failure(const std::filesystem::path& path, int code) {
  error problem;
  problem.code = code == ENOENT || code == ENOTDIR ? errc::not_found
                 : code == EACCES || code == EPERM ? errc::denied
                                                   : errc::io;
  problem.detail = shown(path) + std::strerror(code);
  problem.os = code;
  return problem;
}

result<void> judge(int fd, const std::filesystem::path& path, std::size_t cap) {
  struct stat about{};
  if (::fstat(fd, &about) != 0) return std::unexpected(os_failure(path, errno));
  if (is_null_device(about)) return {};
  if (S_ISDIR(about.st_mode)) return fail(errc::bad_input, shown(path) + "is a directory");
  if (!S_ISREG(about.st_mode)) return fail(errc::bad_input, shown(path) + "is no regular file");
  if (about.st_size > static_cast<off_t>(cap)) {
    return fail(errc::too_large, shown(path) + "has " + std::to_string(about.st_size) + " bytes; at most " +
                                     std::to_string(cap) + " are read");
  }
  return {};
}

}  // namespace

result<std::string> read_file(const std::filesystem::path& path, std::size_t cap) {
  // O_NONBLOCK: opening a FIFO must not wait for its writer.
  const descriptor file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
  if (file.get() < 0) return std::unexpected(os_failure(path, errno));
  if (auto fine = judge(file.get(), path, cap); !fine) return std::unexpected(fine.error());
  std::string text;
  char buffer[16 * 1024];
  for (;;) {
    const auto got = ::read(file.get(), buffer, sizeof buffer);
    if (got == 0) return text;
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::unexpected(os_failure(path, errno));
    text.append(buffer, static_cast<std::size_t>(got));
    if (text.size() > cap) return fail(errc::too_large, shown(path) + "grows beyond " + std::to_string(cap) + " bytes");
  }
}

}  // namespace regpass
