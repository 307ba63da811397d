// The addresses that are listened on, and what becomes of the connections that come in there.
#pragma once

#include "config/settings.hpp"
#include "forward/services/services.hpp"
#include "regpass/net/listener.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace regpass::daemon {

struct listen_point {
  enum class kind : std::uint8_t {
    proxy,        // clients know that it is a proxy
    transparent,  // connections to others, redirected here
    mirror        // clients take it for a registry
  };
  listen_point::kind what = kind::proxy;
  boost::asio::ip::tcp::endpoint at;  // after opening with the port that was got
  bool needed = true;                 // false: without it the rest still serves
  std::string mirror{};               // the key of its [[mirror]] in the snapshot
};
std::string_view name_of(listen_point::kind) noexcept;

// Those that the configuration asks for. A transparent listener on IPv4 loopback has a twin on [::1] with the same
// port: where a redirected connection arrives follows from its family.
result<std::vector<listen_point>> listeners_for(const config::settings&);

// What a listener behind this door does with a connection. `all` are the open doors, which no captured connection may
// have been meant for.
net::listener::handler accept_handler(const listen_point&, const forward::worker_context&,
                                      const std::vector<listen_point>& all);

}  // namespace regpass::daemon
