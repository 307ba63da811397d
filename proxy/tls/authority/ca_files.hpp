// The CA's two files, ca.key and ca.crt in one directory: read as one generation, judged, written so that nothing is
// lost.
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

// Both, or neither, or a key whose certificate a crash prevented. Anything else is an error that says what to delete.
// Who else may read or change the pair, as sentences. A directory of our own is taken from those who may write to it. A
// key that anybody may change is an error.
result<std::vector<std::string>> check_access(const std::filesystem::path& dir);

result<ca_pair> load_pair(const std::filesystem::path& dir);

// A CA certificate that has not ended. One that is not valid yet by the clock is used all the same, with a remark.
result<std::vector<std::string>> check_usable(const X509& certificate, const std::filesystem::path& dir, wall_time now);

// Never overwrites: a file that is there already fails with EEXIST.
result<void> save_pair(const std::filesystem::path& dir, const ca_pair& made, bool new_key);

}  // namespace regpass::tls
