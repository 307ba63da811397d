#include "daemon/prepared_metrics.hpp"

#include "forward/modes/listen_point.hpp"
#include "regpass/registry/host.hpp"

namespace regpass::daemon {

std::vector<std::string> served_registries(const forward::snapshot& from) {
  std::vector<std::string> names;
  for (const auto& [host, entry] : from.registries) names.push_back(registry::to_text(host));
  return names;
}

void prepare_metrics(forward::metrics& into, const config::settings& settings, const forward::snapshot& from) {
  into.prepare(served_registries(from), forward::modes_of(settings.listen, settings.mirrors));
}

}  // namespace regpass::daemon
