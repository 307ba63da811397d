// tls.fast_aes, started before the first TLS context, and what came of it in the log.
#pragma once

#include "config/settings.hpp"

namespace regpass::daemon {

void begin_fast_aes(const config::settings& settings);

}  // namespace regpass::daemon
