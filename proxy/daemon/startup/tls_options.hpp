// [tls] options that take effect before the first TLS context is made.
#pragma once

#include "config/settings.hpp"

namespace regpass::daemon {

// Starts tls.key_log_file, with a loud warning, if it is set. Fails if the file cannot be written.
result<void> start_key_log(const config::settings&);

// Starts tls.fast_aes where the machine supports it, and logs the outcome.
void start_fast_aes(const config::settings&);

}  // namespace regpass::daemon
