// The CA's two files, ca.key and ca.crt in one directory: read as one generation, checked, and written atomically.
#pragma once

#include "regpass/base/error.hpp"
#include "regpass/base/time.hpp"
#include "tls/openssl_ptr.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace regpass::tls {

struct ca_pair {
  key_ptr key;
  x509_ptr certificate;
};

// Warnings about who else may read or change the pair. If the directory is ours and writable by others, its mode is
// fixed. A key that anybody may change is an error.
result<std::vector<std::string>> check_access(const std::filesystem::path& dir);

// Loads both, or neither, or only a key (a crash prevented the certificate). Anything else is an error that says what
// to delete.
result<ca_pair> load_pair(const std::filesystem::path& dir);

// The certificate must be a CA's and not expired. If it is not valid yet by the clock, it is used with a warning.
result<std::vector<std::string>> check_usable(const X509& certificate, const std::filesystem::path& dir, wall_time now);

// Never overwrites: a file that is there already fails with EEXIST.
result<void> save_pair(const std::filesystem::path& dir, const ca_pair& pair, bool new_key);

}  // namespace regpass::tls
