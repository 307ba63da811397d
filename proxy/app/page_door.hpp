// `listen.page`.
#pragma once

#include "regpass/forward/services.hpp"
#include "side_doors.hpp"

#include <string>

namespace regpass::app {

// Opens the page with a new token and says in the log where it is. What a person opens, token included.
result<std::string> open_page(side_doors& through, const std::string& endpoint, const forward::services& of);

}  // namespace regpass::app
