// `listen.page`.
#pragma once

#include "daemon/side_listeners.hpp"
#include "forward/services/services.hpp"

#include <string>

namespace regpass::daemon {

// Opens the page with a new token, logs its URL (token included) and returns it.
result<std::string> open_page(side_listeners& listeners, const std::string& endpoint,
                              const forward::services& services);

}  // namespace regpass::daemon
