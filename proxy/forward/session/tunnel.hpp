// Tunnels: opaque bytes in both directions, with half-close.
#pragma once

#include "forward/exchange/route.hpp"
#include "forward/session/connection.hpp"
#include "regpass/net/stream.hpp"
#include "regpass/net/upstream_proxy.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace regpass::forward {

struct tunnel_traffic {
  std::uint64_t up = 0;  // client to server
  std::uint64_t down = 0;
};

// Returns when both directions have ended, or nothing moved in either for `idle`. Closes both streams.
async::task<tunnel_traffic> run_tunnel(net::stream& client, net::stream& server, std::chrono::milliseconds idle);

// Connects to `to` on behalf of the client. errc::cancelled: the client hung up while the name was being looked up,
// which has been logged.
async::task<result<net::connected_stream>> dial_for_tunnel(connection&, const target& to, const decision&,
                                                           const snapshot_ptr& snapshot);
void count_opened_tunnel(connection&, const target& to);
// Counts the tunnel as closed and logs its traffic. `action`: "tunnelled to". `remark` says why it was not
// intercepted; empty: nothing to say.
void log_closed_tunnel(connection&, const target& to, const net::connected_stream&, const tunnel_traffic&,
                       std::string_view action, const std::string& remark);

}  // namespace regpass::forward
