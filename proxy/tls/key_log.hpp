// The key log for Wireshark (SSLKEYLOGFILE). Anyone with this file and a packet capture can decrypt everything in it,
// including credentials. One per process; off unless started.
#pragma once

#include "regpass/base/error.hpp"

#include <openssl/types.h>

#include <filesystem>

namespace regpass::tls {

// Appends the keys of contexts that are made from now on to `file`, which is created if necessary and readable by its
// owner only. Errors name the file. Refuses links, other users' files and anything but regular files.
result<void> start_key_log(const std::filesystem::path& file);
void stop_key_log();

// Called for every new context.
void log_keys_of(SSL_CTX&);

}  // namespace regpass::tls
