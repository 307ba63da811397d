#include "tls/trust/files.hpp"

#include "regpass/base/text.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/rand.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <system_error>

namespace regpass::tls {
namespace fs = std::filesystem;
namespace {

constexpr int read_flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;

std::unexpected<error> os_fail(std::string_view doing, const fs::path& path) {
  return std::unexpected(os_error(doing, path, errno));
}

std::unexpected<error> unfit(const fs::path& path, std::string_view why) {
  return fail(errc::bad_input, fmt::format("{} {}", path.string(), why));
}

result<struct stat> regular(int fd, const fs::path& path) {
  struct stat info{};
  if (::fstat(fd, &info) != 0) return os_fail("cannot read", path);
  if (!S_ISREG(info.st_mode)) return unfit(path, "is not a regular file");
  if (info.st_size > static_cast<off_t>(max_pem_file))
    return unfit(path, "is too large for a file of certificates or keys");
  return info;
}

// The bound also applies to the bytes read: the file may grow meanwhile.
result<std::string> read_all(int fd, const fs::path& path) {
  std::string text;
  std::array<char, 16384> piece;
  for (;;) {
    const ssize_t got = ::read(fd, piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return os_fail("cannot read", path);
    if (got == 0) return text;
    text.append(piece.data(), static_cast<std::size_t>(got));
    if (text.size() > max_pem_file) return unfit(path, "is too large for a file of certificates or keys");
  }
}

// Kubernetes' atomic writer makes "ca.key -> ..data/ca.key" and swaps "..data"; any other link is suspicious.
result<file_handle> open_linked(const fs::path& path) {
  std::error_code code;
  const fs::path target = fs::read_symlink(path, code);
  if (code || target != fs::path("..data") / path.filename()) {
    return unfit(path, fmt::format("is a symbolic link to {}, which is not followed: put the file itself here",
                                   clean(target.string())));
  }
  file_handle file(::open(path.c_str(), read_flags));
  if (!file) return os_fail("cannot read", path);
  return file;
}

result<file_handle> open_unlinked(const fs::path& path) {
  file_handle file(::open(path.c_str(), read_flags | O_NOFOLLOW));
  if (file) return file;
  if (errno == ELOOP) return open_linked(path);
  return os_fail("cannot read", path);
}

result<void> write_all(int fd, const fs::path& path, std::string_view content) {
  while (!content.empty()) {
    const ssize_t put = ::write(fd, content.data(), content.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return os_fail("cannot write", path);
    content.remove_prefix(static_cast<std::size_t>(put));
  }
  return {};
}

result<void> fill(int fd, const fs::path& path, std::string_view content, mode_t mode) {
  if (::fchmod(fd, mode) != 0) return os_fail("cannot set the mode of", path);
  if (auto done = write_all(fd, path, content); !done) return done;
  if (::fsync(fd) != 0) return os_fail("cannot sync", path);
  return {};
}

result<void> give_name(int dir, const std::string& temporary, const fs::path& path, existing what) {
  const std::string name = path.filename().string();
  const int failed = what == existing::replace ? ::renameat(dir, temporary.c_str(), dir, name.c_str())
                                               : ::linkat(dir, temporary.c_str(), dir, name.c_str(), 0);
  if (failed != 0) return os_fail("cannot write", path);
  ::fsync(dir);  // makes the name durable; file systems that cannot have nothing better to offer
  return {};
}

std::string temporary_name(const fs::path& path) {
  std::array<char, 8> noise{};
  RAND_bytes(reinterpret_cast<unsigned char*>(noise.data()), static_cast<int>(noise.size()));
  return fmt::format(".{}.{}.tmp", path.filename().string(), hex({noise.data(), noise.size()}));
}

}  // namespace

file_handle::~file_handle() {
  if (fd_ >= 0) ::close(fd_);
}

error os_error(std::string_view doing, const fs::path& path, int code) {
  return {.code = code == ENOENT ? errc::not_found : errc::io,
          .detail = fmt::format("{} {}: {}", doing, path.string(), std::generic_category().message(code)),
          .os = code};
}

result<std::string> read_owned_file(const fs::path& path) {
  auto file = open_unlinked(path);
  if (!file) return std::unexpected(std::move(file.error()));
  auto info = regular(file->get(), path);
  if (!info) return std::unexpected(std::move(info.error()));
  if (info->st_uid != 0 && info->st_uid != ::geteuid()) {
    return unfit(path,
                 fmt::format("belongs to user {}: it must belong to root or to the user that regpass runs as ({})",
                             info->st_uid, ::geteuid()));
  }
  return read_all(file->get(), path);
}

result<void> write_file(const file_handle& dir, const fs::path& path, std::string_view content, mode_t mode,
                        existing what) {
  const std::string temporary = temporary_name(path);
  constexpr int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
  result<void> done;
  {
    const file_handle file(::openat(dir.get(), temporary.c_str(), flags, 0600));
    if (!file) return os_fail("cannot write a temporary file beside", path);
    done = fill(file.get(), path, content, mode);
  }
  if (done) done = give_name(dir.get(), temporary, path, what);
  if (!done || what == existing::keep) ::unlinkat(dir.get(), temporary.c_str(), 0);
  return done;
}

bool file_is(const file_handle& dir, const fs::path& name, std::string_view content, mode_t mode) {
  const file_handle file(::openat(dir.get(), name.c_str(), read_flags | O_NOFOLLOW));
  struct stat info{};
  if (!file || ::fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode)) return false;
  if ((info.st_mode & 07777U) != mode || info.st_size != static_cast<off_t>(content.size())) return false;
  const auto found = read_all(file.get(), name);
  return found && *found == content;
}

result<file_handle> open_directory(const fs::path& given, mode_t mode) {
  const fs::path path = given.has_filename() ? given : given.parent_path();
  std::error_code code;
  if (path.has_parent_path()) fs::create_directories(path.parent_path(), code);
  if (code) return std::unexpected(os_error("cannot make the directory", path.parent_path(), code.value()));
  const bool made = ::mkdir(path.c_str(), mode) == 0;
  if (!made && errno != EEXIST) return os_fail("cannot make the directory", path);
  file_handle dir(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!dir) return os_fail("cannot open the directory", path);
  if (made && ::fchmod(dir.get(), mode) != 0) return os_fail("cannot set the mode of", path);
  return dir;
}

result<void> make_private(const file_handle& dir, const fs::path& path) {
  struct stat info{};
  if (::fstat(dir.get(), &info) != 0) return os_fail("cannot read", path);
  if (info.st_uid == ::geteuid()) {
    if ((info.st_mode & 0777U) == 0700U || ::fchmod(dir.get(), 0700) == 0) return {};
    return os_fail("cannot set the mode of", path);
  }
  if (info.st_uid == 0 && (info.st_mode & 0022U) == 0) return {};
  return unfit(path,
               "may be written to by other users, and is no place for a CA's key: name a new directory inside it");
}

}  // namespace regpass::tls
