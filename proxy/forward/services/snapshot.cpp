#include "regpass/forward/snapshot.hpp"

namespace regpass::forward {

std::vector<std::string> intercepted_names(const snapshot& from) {
  std::vector<std::string> names;
  for (const auto& [host, entry] : from.registries) {
    names.push_back(host.name);
    // Docker Hub's API and its older index answer under names of their own.
    if (registry::is_docker_hub(host)) {
      names.push_back(registry::api_name(host));
      names.emplace_back("index.docker.io");
      names.emplace_back("registry.hub.docker.com");
    }
  }
  if (from.by_pattern) {
    for (auto& domain : from.by_pattern->domains()) names.push_back(std::move(domain));
  }
  return names;
}

}  // namespace regpass::forward
