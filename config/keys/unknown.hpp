// Describes keys and variables that do not exist, and suggests what was probably meant.
#pragma once

#include "regpass/config/load.hpp"

#include <string>
#include <string_view>

namespace regpass::config {

problem unknown_key(std::string_view name);                                 // of the file's tables and of --set
problem unknown_element_key(std::string_view list, std::string_view name);  // of a [[registry]] or [[mirror]]
problem unknown_variable(std::string_view name);

// "REGPASS_LISTEN_PROXY" for "listen.proxy"
std::string variable_of(std::string_view key);

// Kubernetes puts the addresses of a namespace's services into every container's environment (Pod, enableServiceLinks):
// for a service "regpass" these are REGPASS_SERVICE_HOST, REGPASS_PORT_3128_TCP_ADDR and so on. They are not keys.
bool is_service_link(std::string_view variable);

}  // namespace regpass::config
