// /livez, /readyz, /startupz and /metrics: what orchestrators and scrapers ask, without anything secret, for anyone.
#pragma once

#include "admin/http_service.hpp"
#include "regpass/forward/metrics.hpp"

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace regpass::admin {

// Whether clients may be sent here, and a line for each thing that was looked at ("credentials", "3 usable").
struct readiness {
  bool ready = true;
  std::vector<std::pair<std::string, std::string>> details;
};

// `alive` says whether every worker answers. livez and startupz are 200 or 503 by that, readyz by `ready`.
responder health_routes(std::function<async::task<bool>()> alive, std::function<readiness()> ready,
                        const forward::metrics& counts);

}  // namespace regpass::admin
