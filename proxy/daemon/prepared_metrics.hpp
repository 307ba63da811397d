// Creates the series that dashboards and alerts use before anything is counted.
#pragma once

#include "config/settings.hpp"
#include "regpass/forward/metrics.hpp"
#include "regpass/forward/snapshot.hpp"

#include <string>
#include <vector>

namespace regpass::daemon {

std::vector<std::string> served_registries(const forward::snapshot&);
void prepare_metrics(forward::metrics&, const config::settings&, const forward::snapshot&);

}  // namespace regpass::daemon
