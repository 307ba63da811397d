#include "daemon/prepared_metrics.hpp"

#include "regpass/registry/host.hpp"

namespace regpass::daemon {

namespace {

// As log lines and metrics name them.
std::vector<std::string> ways_in(const config::settings& from) {
  std::vector<std::string> modes;
  if (!from.listen.proxy.empty()) modes.emplace_back("proxy");
  if (!from.listen.transparent.empty()) modes.emplace_back("transparent");
  if (!from.mirrors.empty()) modes.emplace_back("mirror");
  return modes;
}

}  // namespace

std::vector<std::string> served_registries(const forward::snapshot& from) {
  std::vector<std::string> names;
  for (const auto& [host, entry] : from.registries) names.push_back(registry::to_text(host));
  return names;
}

void prepare_metrics(forward::metrics& into, const config::settings& settings, const forward::snapshot& from) {
  into.prepare(served_registries(from), ways_in(settings));
}

}  // namespace regpass::daemon
