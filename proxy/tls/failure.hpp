// Converts OpenSSL's error queue to our error.
#pragma once

#include "regpass/base/error.hpp"
#include "tls/callbacks.hpp"
#include "tls/engine.hpp"

#include <string_view>

namespace regpass::tls {

// Reads and empties the thread's error queue. `first_bytes` are the first bytes that the peer sent.
error failure_of(const engine_options& options, const handshake_notes& notes, std::string_view first_bytes);

}  // namespace regpass::tls
