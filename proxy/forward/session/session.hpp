// The life of one client connection.
#pragma once

#include "forward/session/connection.hpp"

#include <memory>

namespace regpass::forward {

// Runs `opening`, by which a mode serves `client` from its first byte, and after it whatever TLS the opening decided to
// intercept. Returns when the connection is closed and everything that belonged to it has ended.
async::task<void> run_session(std::unique_ptr<connection> client, async::task<void> opening);

}  // namespace regpass::forward
