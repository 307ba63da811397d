// The confinement (platform/confinement.hpp) that a configuration permits.
#pragma once

#include "config/settings.hpp"
#include "regpass/platform/confinement.hpp"

namespace regpass::daemon {

platform::confinement confinement_for(const config::settings&);

}  // namespace regpass::daemon
