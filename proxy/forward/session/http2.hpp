// Client connections that speak HTTP/2.
#pragma once

#include "forward/session/connection.hpp"
#include "transport/h2_connection.hpp"

namespace regpass::forward {

// Serves every stream of the connection until it is closed, and reports a client that breaks the protocol. `to` is the
// target of an intercepted connection, else null.
async::task<void> serve_http2(connection&, transport::h2_server::handler serve_stream, const target* to);

}  // namespace regpass::forward
