// The other end of http_service: our own commands ask a running sidecar.
#pragma once

#include "regpass/net/stream.hpp"

#include <chrono>
#include <memory>
#include <string>

namespace regpass::admin {

struct answer {
  int status = 0;
  std::string body;  // at most 64 MiB
};

// One request on a connection of its own, within the time.
async::task<result<answer>> ask(std::unique_ptr<net::stream> to, std::string method, std::string target,
                                std::string body, std::chrono::milliseconds within);

}  // namespace regpass::admin
