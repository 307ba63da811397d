// Requests inside TLS that regpass terminates, over HTTP/1.1 and HTTP/2.
#pragma once

#include "forward/session/connection.hpp"
#include "regpass/transport/h1_connection.hpp"

namespace regpass::forward {

// Serves the next request of the established TLS; false when the connection is over.
async::task<bool> serve_intercepted_request(connection&, transport::h1_server& server);
// Serves HTTP/2 until the connection is over.
async::task<void> serve_intercepted_http2(connection&);

}  // namespace regpass::forward
