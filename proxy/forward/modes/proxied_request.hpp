// Requests that name the host they are for: those to a proxy, and those of redirected connections.
#pragma once

#include "forward/modes/target.hpp"
#include "forward/session/connection.hpp"
#include "regpass/http/message.hpp"
#include "regpass/transport/h1_connection.hpp"

namespace regpass::forward {

// Serves a request to a proxy: CONNECT, or one in absolute form. False: the connection is over, or its TLS is to be
// intercepted.
async::task<bool> serve_proxy_request(connection&, transport::h1_server& server, http::request_head head);
// The same once its target is known.
async::task<bool> serve_request_to(connection&, transport::h1_server& server, http::request_head head, target to);

}  // namespace regpass::forward
