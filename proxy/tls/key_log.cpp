#include "tls/key_log.hpp"

#include <fcntl.h>
#include <openssl/ssl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <string>
#include <system_error>

namespace regpass::tls {
namespace {

constexpr mode_t owner_only = S_IRUSR | S_IWUSR;

// All workers write to it; one write call per line keeps lines intact.
std::atomic<int> log_file{-1};

void write_line(const SSL*, const char* line) {
  const int to = log_file.load();
  if (to < 0) return;
  const auto whole = std::string(line) + "\n";
  [[maybe_unused]] const auto written = ::write(to, whole.data(), whole.size());
}

std::unexpected<error> refuse(const std::filesystem::path& file, std::string_view why) {
  return fail(errc::bad_input, "the key log " + file.string() + " " + std::string(why));
}

result<void> judge(int opened, const std::filesystem::path& file) {
  struct stat info{};
  if (::fstat(opened, &info) != 0 || !S_ISREG(info.st_mode)) return refuse(file, "is no regular file");
  if (info.st_uid != ::geteuid()) return refuse(file, "belongs to another user");
  if (::fchmod(opened, owner_only) != 0) return refuse(file, "cannot be kept from others: chmod failed");
  return {};
}

}  // namespace

result<void> start_key_log(const std::filesystem::path& file) {
  const int opened =
      ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, owner_only);
  if (opened < 0) return refuse(file, "cannot be opened: " + std::generic_category().message(errno));
  if (auto fit = judge(opened, file); !fit) {
    ::close(opened);
    return fit;
  }
  stop_key_log();
  log_file = opened;
  return {};
}

void stop_key_log() {
  const int opened = log_file.exchange(-1);
  if (opened >= 0) ::close(opened);
}

void log_keys_of(SSL_CTX& ctx) {
  if (log_file.load() >= 0) SSL_CTX_set_keylog_callback(&ctx, write_line);
}

}  // namespace regpass::tls
