// The life of one client connection on the proxy port.
#pragma once

#include "regpass/forward/services.hpp"
#include "regpass/net/stream.hpp"

#include <string>

namespace regpass::forward {

// Returns when the connection is closed and everything that belonged to it has ended.
net::task<void> run_session(surroundings around, std::unique_ptr<net::stream> client, std::string peer);

}  // namespace regpass::forward
