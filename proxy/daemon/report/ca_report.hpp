// Logs about regpass's CA.
#pragma once

#include "config/settings.hpp"
#include "regpass/forward/snapshot.hpp"
#include "regpass/tls/ca.hpp"

#include <filesystem>

namespace regpass::daemon {

// At startup: whether the CA was created or found, and what is unsafe about its files.
void log_ca(const tls::authority& ca, const config::tls_settings& from);
// Warns of registries that the CA's name constraints do not cover: regpass cannot intercept them.
void warn_outside_constraints(const tls::authority& ca, const std::filesystem::path& ca_dir,
                              const forward::snapshot& served);

}  // namespace regpass::daemon
