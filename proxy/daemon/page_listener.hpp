// `listen.page`.
#pragma once

#include "daemon/side_listeners.hpp"
#include "forward/services/services.hpp"

#include <string>

namespace regpass::daemon {

// Opens the page with a new token and says in the log where it is. What a person opens, token included.
result<std::string> open_page(side_listeners& through, const std::string& endpoint, const forward::services& of);

}  // namespace regpass::daemon
