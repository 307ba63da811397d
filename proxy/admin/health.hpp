// /livez, /readyz, /startupz and /metrics for orchestrators and scrapers. Unauthenticated, because nothing in them is
// secret.
#pragma once

#include "admin/http_service.hpp"
#include "regpass/forward/metrics.hpp"

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace regpass::admin {

// Whether regpass is ready for clients, and a line for each check ("credentials", "3 usable").
struct readiness {
  bool ready = true;
  std::vector<std::pair<std::string, std::string>> details;
};

// `alive` tells whether every worker answers: it decides between 200 and 503 for livez and startupz, `ready` for
// readyz.
responder health_routes(std::function<async::task<bool>()> alive, std::function<readiness()> ready,
                        const forward::metrics& counts);

}  // namespace regpass::admin
