// Validates text of one kind. Each returns what is wrong, as the end of "… must be a path, not X: …", or nothing.
#pragma once

#include <optional>
#include <string>

namespace regpass::config {

std::optional<std::string> endpoint_flaw(const std::string&);
std::optional<std::string> host_flaw(const std::string&);
// The registry that a URL, or the name of Docker Hub's web site, most likely refers to.
std::optional<std::string> host_meant(const std::string&);
std::optional<std::string> proxy_flaw(const std::string&);
std::optional<std::string> path_flaw(const std::string&);
std::optional<std::string> prefix_flaw(const std::string&);
std::optional<std::string> pattern_flaw(const std::string&);
std::optional<std::string> url_flaw(const std::string&);

}  // namespace regpass::config
