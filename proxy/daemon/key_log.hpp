// tls.key_log_file, started and said aloud.
#pragma once

#include "config/settings.hpp"

namespace regpass::daemon {

// Before any TLS context is made. Nothing happens without the key.
result<void> begin_key_log(const config::settings&);

}  // namespace regpass::daemon
