// libnftables: runs a text of rules in the network namespace of this process, as one transaction.
#pragma once

#include "regpass/base/error.hpp"

#include <string>

namespace regpass::platform {

// What it printed. errc::denied without the capability CAP_NET_ADMIN; any other error's detail is what libnftables
// said.
result<std::string> run_nft(const std::string& commands);

}  // namespace regpass::platform
