// From OpenSSL's error queue to the error that says what happened and to whom.
#pragma once

#include "regpass/base/error.hpp"
#include "tls/callbacks.hpp"
#include "tls/engine.hpp"

#include <string_view>

namespace regpass::tls {

// Reads and empties the thread's error queue. `first_bytes` are the first that the peer sent.
error failure_of(const engine_options& options, const handshake_notes& notes, std::string_view first_bytes);

}  // namespace regpass::tls
