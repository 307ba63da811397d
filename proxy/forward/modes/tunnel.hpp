// Opaque bytes both ways, with half-close.
#pragma once

#include "regpass/net/stream.hpp"

#include <chrono>
#include <cstdint>

namespace regpass::forward {

struct tunnelled {
  std::uint64_t up = 0;  // client to server
  std::uint64_t down = 0;
};

// Returns when both directions have ended, or nothing moved in either for `idle`. Closes both streams.
async::task<tunnelled> run_tunnel(net::stream& client, net::stream& server, std::chrono::milliseconds idle);

}  // namespace regpass::forward
