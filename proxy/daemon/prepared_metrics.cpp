#include "daemon/prepared_metrics.hpp"

#include "regpass/diagnosis/field.hpp"
#include "regpass/registry/host.hpp"

namespace regpass::daemon {

namespace {

std::vector<std::string> enabled_modes(const config::settings& from) {
  using enum diagnosis::client_mode;
  std::vector<std::string> modes;
  if (!from.listen.proxy.empty()) modes.emplace_back(name_of(proxy));
  if (!from.listen.transparent.empty()) modes.emplace_back(name_of(transparent));
  if (!from.mirrors.empty()) modes.emplace_back(name_of(mirror));
  return modes;
}

}  // namespace

std::vector<std::string> served_registries(const forward::snapshot& from) {
  std::vector<std::string> names;
  for (const auto& [host, entry] : from.registries) names.push_back(registry::to_text(host));
  return names;
}

void prepare_metrics(forward::metrics& into, const config::settings& settings, const forward::snapshot& from) {
  into.prepare(served_registries(from), enabled_modes(settings));
}

}  // namespace regpass::daemon
