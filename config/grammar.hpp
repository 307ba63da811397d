// What is wrong with a text of one kind, or nothing. One sentence each, as the end of "… must be a path, not X: …".
#pragma once

#include <optional>
#include <string>

namespace regpass::config {

std::optional<std::string> endpoint_flaw(const std::string&);
std::optional<std::string> host_flaw(const std::string&);
// The registry's host that a URL, or the name of Docker Hub's web site, was most likely meant for.
std::optional<std::string> host_meant(const std::string&);
std::optional<std::string> proxy_flaw(const std::string&);
std::optional<std::string> path_flaw(const std::string&);
std::optional<std::string> prefix_flaw(const std::string&);
std::optional<std::string> pattern_flaw(const std::string&);
std::optional<std::string> url_flaw(const std::string&);

}  // namespace regpass::config
