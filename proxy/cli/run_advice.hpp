// What `regpass run` says about its command besides explaining failures. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace regpass::cli {

struct advice {
  std::string what;
  std::string remedy;
};

// A command whose registry traffic is made by a daemon that has an environment of its own: the sidecar never sees it.
std::optional<advice> advise_on_daemon(const std::vector<std::string>& command,
                                       const std::map<std::string, std::string>& environment);

struct unserved_hosts {
  std::vector<std::string> hosts;    // to which connections were passed on
  std::vector<std::string> entries;  // the registries that have one
};
// For a command that failed: hosts that it asked without a login, those first that it names itself.
std::vector<advice> advise_on_logins(const std::vector<std::string>& command, const unserved_hosts& seen);
// For a command that failed without a request that reached the sidecar.
advice advise_on_silence(const std::vector<std::string>& command);

}  // namespace regpass::cli
