// The series that dashboards and alerts look at, there from the start.
#pragma once

#include "regpass/config/settings.hpp"
#include "regpass/forward/metrics.hpp"
#include "regpass/forward/snapshot.hpp"

#include <string>
#include <vector>

namespace regpass::app {

std::vector<std::string> served_registries(const forward::snapshot&);
void prepare_metrics(forward::metrics&, const config::settings&, const forward::snapshot&);

}  // namespace regpass::app
