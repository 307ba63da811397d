#include "tls/authority/ca_files.hpp"

#include "regpass/base/secret.hpp"
#include "tls/authority/certificate.hpp"
#include "tls/time_range.hpp"
#include "tls/trust/files.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace regpass::tls {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view remedy = "restore the matching pair, or delete ca.key and ca.crt to have a new CA made";
constexpr std::string_view remedy_if_clock_is_right =
    "if it is right, delete ca.key and ca.crt to have a new CA made, and restart regpass and its clients";

std::unexpected<error> pair_fail(errc code, const fs::path& dir, std::string_view what) {
  return fail(code, fmt::format("{}: {}: {}", dir.string(), what, remedy));
}

// Nothing if the file does not exist.
result<std::optional<std::string>> read_if_there(const fs::path& path) {
  auto text = read_owned_file(path);
  if (text) return std::optional<std::string>(std::move(*text));
  if (text.error().code == errc::not_found) return std::nullopt;
  return std::unexpected(std::move(text.error()));
}

result<key_ptr> load_key(const fs::path& path) {
  auto text = read_if_there(path);
  if (!text) return std::unexpected(std::move(text.error()));
  std::optional<std::string>& found = *text;
  if (!found) return key_ptr();
  auto key = parse_key(*found, path.string());
  wipe(*found);
  if (!key) return pair_fail(errc::bad_input, path.parent_path(), key.error().detail);
  return key;
}

result<x509_ptr> load_certificate(const fs::path& path) {
  auto text = read_if_there(path);
  if (!text) return std::unexpected(std::move(text.error()));
  const std::optional<std::string>& found = *text;
  if (!found) return x509_ptr();
  auto certificates = parse_certificates(*found, path.string());
  if (!certificates) return pair_fail(errc::bad_input, path.parent_path(), certificates.error().detail);
  return std::move(certificates->front());
}

result<ca_pair> load_once(const fs::path& dir) {
  auto key = load_key(dir / "ca.key");
  if (!key) return std::unexpected(std::move(key.error()));
  auto certificate = load_certificate(dir / "ca.crt");
  if (!certificate) return std::unexpected(std::move(certificate.error()));
  if (*certificate && !*key) return pair_fail(errc::bad_input, dir, "there is a ca.crt, but no ca.key");
  if (*certificate && X509_check_private_key(certificate->get(), key->get()) != 1) {
    return pair_fail(errc::bad_input, dir, "ca.key is not the key of the certificate in ca.crt");
  }
  return ca_pair{std::move(*key), std::move(*certificate)};
}

std::string octal(mode_t mode) {
  return fmt::format("{:04o}", mode & 07777U);
}

// Kubernetes' secret volumes have mode 1777: in a sticky directory only the owner can replace a file.
void check_directory(const fs::path& dir, std::vector<std::string>& remarks) {
  struct stat info{};
  if (::stat(dir.c_str(), &info) != 0) return;
  const bool open_to_others = (info.st_mode & 0002U) != 0 && (info.st_mode & S_ISVTX) == 0;
  if (!open_to_others) return;
  const bool ours = info.st_uid == ::geteuid();
  const bool closed = ours && ::chmod(dir.c_str(), info.st_mode & 07700U) == 0;
  remarks.push_back(fmt::format("{} has the mode {}: every user could replace the CA{}", dir.string(),
                                octal(info.st_mode),
                                closed ? "; regpass has set it to 0700"
                                       : ": take the right to write from others (chmod o-w), or name another ca_dir"));
}

}  // namespace

result<std::vector<std::string>> check_access(const fs::path& dir) {
  std::vector<std::string> remarks;
  check_directory(dir, remarks);
  const auto key = dir / "ca.key";
  struct stat info{};
  if (::stat(key.c_str(), &info) != 0) return remarks;
  if ((info.st_mode & 0002U) != 0) {
    return fail(errc::bad_input, fmt::format("{} has the mode {}: every user can change it; chmod 0600 it if it is the "
                                             "right one, or delete ca.key and ca.crt to have a new CA made",
                                             key.string(), octal(info.st_mode)));
  }
  if ((info.st_mode & 0077U) != 0) {
    remarks.push_back(
        fmt::format("{} has the mode {}: who reads it can pose as every registry to clients of this CA; "
                    "chmod 0600 it, or delete ca.key and ca.crt to have a new CA made",
                    key.string(), octal(info.st_mode)));
  }
  return remarks;
}

// Kubernetes swaps the files of a secret one generation at a time: we may have read one of each.
result<ca_pair> load_pair(const fs::path& dir) {
  auto found = load_once(dir);
  if (found || found.error().code != errc::bad_input) return found;
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  return load_once(dir);
}

result<std::vector<std::string>> check_usable(const X509& certificate, const fs::path& dir, wall_time now) {
  const wall_time from = to_wall(X509_get0_notBefore(&certificate));
  const wall_time to = to_wall(X509_get0_notAfter(&certificate));
  const auto by_clock = fmt::format("{}: this system's clock says {}", dir.string(), rfc3339(now));
  if (now >= to) {
    return fail(errc::expired, fmt::format("{}, and the CA certificate ended at {}: set the clock if it is wrong; {}",
                                           by_clock, rfc3339(to), remedy_if_clock_is_right));
  }
  const bool early = now < from;
  if (early && !plausible(from)) {
    return fail(errc::expired, fmt::format("{}, and the CA certificate is not valid before {}: set the clock if it is "
                                           "wrong; {}",
                                           by_clock, rfc3339(from), remedy_if_clock_is_right));
  }
  // OpenSSL caches results in the certificate, hence the cast.
  if (X509_check_ca(const_cast<X509*>(&certificate)) != 1) {
    return pair_fail(errc::bad_input, dir, "ca.crt is no CA certificate");
  }
  std::vector<std::string> remarks;
  if (early) {
    remarks.push_back(
        fmt::format("{}, but the CA certificate is not valid before {}: clients that use the same clock will reject "
                    "regpass's certificates; set the clock; {}",
                    by_clock, rfc3339(from), remedy_if_clock_is_right));
  }
  return remarks;
}

// The key first: a crash in between leaves a key without certificate, which the next start completes.
result<void> save_pair(const fs::path& path, const ca_pair& pair, bool new_key) {
  auto dir = open_directory(path, 0700);
  if (!dir) return std::unexpected(std::move(dir.error()));
  if (auto safe = make_private(*dir, path); !safe) return safe;
  if (new_key) {
    std::string text = to_pem(*pair.key);
    auto saved = write_file(*dir, path / "ca.key", text, 0600, existing::keep);
    wipe(text);
    if (!saved) return saved;
  }
  return write_file(*dir, path / "ca.crt", to_pem(*pair.certificate), 0644, existing::keep);
}

}  // namespace regpass::tls
