#include "files.hpp"

#include "regpass/base/text.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace regpass::config {
namespace {

struct descriptor {
  explicit descriptor(const char* path) : fd(::open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)) {}
  ~descriptor() {
    if (fd >= 0) ::close(fd);
  }
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;

  int fd;
};

std::unexpected<error> os_failure() {
  const int os = errno;
  auto out = fail(os == ENOENT || os == ENOTDIR ? errc::not_found : errc::io, std::generic_category().message(os));
  out.error().os = os;
  return out;
}

// /dev/null is a character device, and a usual way to say "no configuration".
result<void> check_type(int fd) {
  struct stat status{};
  if (::fstat(fd, &status) != 0) return os_failure();
  if (S_ISDIR(status.st_mode)) return fail(errc::bad_input, "it is a directory");
  if (!S_ISREG(status.st_mode) && !S_ISCHR(status.st_mode)) return fail(errc::bad_input, "it is no regular file");
  return {};
}

}  // namespace

result<std::string> read_file(const std::filesystem::path& path, std::size_t most) {
  const descriptor file(path.c_str());
  if (file.fd < 0) return os_failure();
  if (auto ok = check_type(file.fd); !ok) return std::unexpected(ok.error());
  std::string out;
  std::array<char, 16 * 1024> piece;
  while (out.size() <= most) {
    const auto n = ::read(file.fd, piece.data(), piece.size());
    if (n == 0) return out;
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return os_failure();
    out.append(piece.data(), static_cast<std::size_t>(n));
  }
  return fail(errc::too_large, "it is larger than " + std::to_string(most) + " bytes");
}

}  // namespace regpass::config
