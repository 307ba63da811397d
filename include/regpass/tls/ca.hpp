// The CA whose certificate the clients trust: created once, reused after restarts, constrained to the intercepted
// names.
#pragma once

#include "regpass/base/error.hpp"
#include "regpass/base/time.hpp"

#include <openssl/types.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace regpass::tls {

struct ca_options {
  std::filesystem::path dir;       // ca.key and ca.crt, 0600 and 0644, directory 0700
  std::vector<std::string> names;  // DNS names and IP literals that may be signed for (critical name constraints)
  std::chrono::days life{365};
};

class authority {
 public:
  // Uses the pair in `dir`, or creates one (ECDSA P-256, pathlen 0, critical name constraints limited to `names`,
  // not-before one hour back). The key is written before the certificate, both by O_EXCL temporary file, fsync and
  // rename; symlinks are not followed for the files themselves (cert-manager's ..data links: the target must be a
  // regular file readable by us, and key and certificate must match, else one retry after 100 ms, else an error). An
  // expired or mismatched pair is an error that says what to delete; it is never overwritten silently. Errors name the
  // file.
  static result<authority> open(const ca_options&, wall_time now);

  const std::string& certificate_pem() const noexcept;
  std::string fingerprint() const;         // SHA-256 over the DER, upper-case hex pairs joined by ':'
  std::vector<std::string> names() const;  // from the certificate's constraints; empty: unconstrained
  wall_time not_after() const;
  bool created() const noexcept;  // by this call of `open`
  // Warnings about who else could read or replace the pair when it was opened, and what to do about it.
  const std::vector<std::string>& remarks() const noexcept;

  // Whether the certificate's name constraints permit this name.
  bool covers(std::string_view name) const;

  X509* certificate() const noexcept;
  EVP_PKEY* key() const noexcept;

 private:
  struct state;
  explicit authority(std::shared_ptr<const state>);
  std::shared_ptr<const state> state_;
};

// ca.crt, <subject hash>.0 and bundle.crt (system roots + CA), each replaced atomically, mode 0644, only when the
// content differs. The directory is created (0755) if it is missing. A symlink with one of these names is not followed
// but replaced.
result<void> publish(const authority&, const std::filesystem::path& dir);

}  // namespace regpass::tls
