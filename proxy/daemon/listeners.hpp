// Which addresses are listened on, and what happens to the connections that arrive there.
#pragma once

#include "config/settings.hpp"
#include "forward/modes/listen_point.hpp"
#include "forward/services/services.hpp"
#include "regpass/net/listener.hpp"

#include <vector>

namespace regpass::daemon {

using forward::listen_point;

// Those that the configuration asks for.
result<std::vector<listen_point>> listeners_for(const config::settings&);

// Passes each connection that arrives at `point` to its mode. `all` are the open listeners; no redirected connection
// may have been meant for one of them.
net::listener::handler accept_handler(const listen_point& point, const forward::worker_context&,
                                      const std::vector<listen_point>& all);

}  // namespace regpass::daemon
