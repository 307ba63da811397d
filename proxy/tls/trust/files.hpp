// Small files that hold keys and certificates: read with a bound, written atomically.
#pragma once

#include "regpass/base/error.hpp"

#include <sys/types.h>

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

namespace regpass::tls {

inline constexpr std::size_t max_pem_file = 8UZ << 20U;  // distributions' bundles have a quarter of a megabyte

class file_handle {
 public:
  explicit file_handle(int fd = -1) noexcept : fd_(fd) {}
  file_handle(file_handle&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  file_handle& operator=(file_handle&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~file_handle();
  int get() const noexcept { return fd_; }
  explicit operator bool() const noexcept { return fd_ >= 0; }

 private:
  int fd_;
};

// An operating system's error about a path; ENOENT becomes not_found.
error os_error(std::string_view doing, const std::filesystem::path& path, int code);

// Like base/file's read_file, for a file that must belong to us or root. A symlink is followed only into Kubernetes'
// "..data" in the same directory.
result<std::string> read_owned_file(const std::filesystem::path& path);

enum class existing : bool { keep, replace };

// Writes `name` in the open directory by way of an O_EXCL temporary file, fsync, and rename (replace) or link (keep,
// which fails with EEXIST). Neither follows a symlink that stands at `name`.
result<void> write_file(const file_handle& dir, const std::filesystem::path& path, std::string_view content,
                        mode_t mode, existing what);

// Whether `name` in the open directory is a regular file (no link) with exactly this content and mode.
bool file_is(const file_handle& dir, const std::filesystem::path& name, std::string_view content, mode_t mode);

// Opens the directory, and creates it (and its parents with mode 0755) if it is missing.
result<file_handle> open_directory(const std::filesystem::path& path, mode_t mode);

// Sets the directory's mode to 0700. It is an error if the directory belongs to another user, or to root and is
// writable by others.
result<void> make_private(const file_handle& dir, const std::filesystem::path& path);

}  // namespace regpass::tls
