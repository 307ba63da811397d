// What the log says of the credentials found, before any of them is used.
#pragma once

#include "regpass/app/credentials.hpp"
#include "regpass/config/settings.hpp"

namespace regpass::app {

void log_credentials(const credentials&);

// Entries and files that cannot work, or will not for long, in the words in which a failure would be explained.
void warn_of(const credentials&, const config::settings&);

}  // namespace regpass::app
