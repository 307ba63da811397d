// The key log that Wireshark reads (SSLKEYLOGFILE): whoever has it and a capture reads everything in it, credentials
// too. One for the process, as there is one such file; off unless started.
#pragma once

#include "regpass/base/error.hpp"

#include <openssl/types.h>

#include <filesystem>

namespace regpass::tls {

// From now on the keys of contexts made afterwards are appended to `file`, which is made if need be, and readable by
// its owner only. Errors name the file. A file that is somebody else's, a link or no regular file is refused.
result<void> start_key_log(const std::filesystem::path& file);
void stop_key_log();

// For whoever makes a context.
void log_keys_of(SSL_CTX&);

}  // namespace regpass::tls
