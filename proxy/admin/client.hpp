// The client of http_service, with which our own commands query a running sidecar.
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

// Sends one request on a connection of its own.
async::task<result<answer>> ask(std::unique_ptr<net::stream> to, std::string method, std::string target,
                                std::string body, std::chrono::milliseconds within);

}  // namespace regpass::admin
