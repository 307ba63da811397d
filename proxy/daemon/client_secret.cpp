#include "daemon/client_secret.hpp"

#include "daemon/credential_loader.hpp"
#include "regpass/base/log.hpp"
#include "regpass/base/text.hpp"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace regpass::daemon {

namespace {

constexpr std::size_t longest = 4096;
constexpr std::size_t random_bytes = 24;

std::unexpected<error> cannot(const std::filesystem::path& file, const std::string& what, int code) {
  auto made = fail(errc::io, clean(file.string()) + ": cannot " + what + ": " + std::strerror(code));
  made.error().os = code;
  return made;
}

result<secret> random_password() {
  std::array<unsigned char, random_bytes> drawn{};
  if (::getrandom(drawn.data(), drawn.size(), 0) != static_cast<ssize_t>(drawn.size())) {
    return fail(errc::io, "no random bytes are to be had for a password");
  }
  auto text = hex(std::string_view(reinterpret_cast<const char*>(drawn.data()), drawn.size()));
  secret made(text);
  wipe(text);
  return made;
}

mode_t mode_for(config::readers readable_by) {
  switch (readable_by) {
    case config::readers::group:
      return 0640;
    case config::readers::everyone:
      return 0644;
    case config::readers::owner:
      break;
  }
  return 0600;
}

bool write_whole(int fd, std::string_view text) {
  while (!text.empty()) {
    const auto wrote = ::write(fd, text.data(), text.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(wrote));
  }
  return ::fsync(fd) == 0;
}

}  // namespace

result<std::shared_ptr<const secret>> read_client_secret(const std::filesystem::path& file) {
  auto read = read_secret_file(file, longest, auth::credential_kind::basic);
  if (!read) return std::unexpected(read.error());
  return std::make_shared<const secret>(std::move(*read));
}

// By way of a file beside it and a link, so that nobody reads half a password and no file or link that somebody put
// there is written to.
result<void> make_client_secret(const std::filesystem::path& file, config::readers readable_by) {
  if (::access(file.c_str(), F_OK) == 0) return {};
  const auto password = random_password();
  if (!password) return std::unexpected(password.error());
  std::error_code ignored;
  if (file.has_parent_path()) std::filesystem::create_directories(file.parent_path(), ignored);
  auto beside = file.string() + ".XXXXXX";
  const int fd = ::mkostemp(beside.data(), O_CLOEXEC);  // 0600
  if (fd < 0) return cannot(file, "make it", errno);
  const bool written = ::fchmod(fd, mode_for(readable_by)) == 0 && write_whole(fd, password->expose());
  const int write_problem = errno;
  ::close(fd);
  const bool linked = written && (::link(beside.c_str(), file.c_str()) == 0 || errno == EEXIST);
  const int problem = written ? errno : write_problem;
  ::unlink(beside.c_str());
  if (!linked) return cannot(file, "write it", problem);
  return {};
}

result<std::shared_ptr<const secret>> client_secret_loader::load(const config::client_auth_settings& from) {
  rejected_.clear();
  if (from.secret_file.empty()) return nullptr;
  if (from.create) {
    if (auto made = make_client_secret(from.secret_file, from.readable_by); !made) return std::unexpected(made.error());
  }
  auto read = read_client_secret(from.secret_file);
  if (read) {
    file_ = from.secret_file;
    good_ = *read;
    return read;
  }
  if (!good_ || file_ != from.secret_file) return std::unexpected(read.error());
  rejected_ = read.error().detail;
  log::write(log::level::error, "credentials-rejected",
             read.error().detail + "; the last password of clients stays in force",
             {{"source", clean(file_.string())}, {"kept_old", true}});
  return good_;
}

}  // namespace regpass::daemon
