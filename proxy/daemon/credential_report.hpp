// What the log says of the credentials found, before any of them is used.
#pragma once

#include "config/settings.hpp"
#include "daemon/credential_loader.hpp"

namespace regpass::daemon {

void log_credentials(const credentials&);

// Entries and files that cannot work, or will not for long, in the words in which a failure would be explained.
void warn_of(const credentials&, const config::settings&);

}  // namespace regpass::daemon
