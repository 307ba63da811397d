// Connections to registries and other hosts: direct, or through the upstream proxy.
//
// The upstream proxy resolves names itself, so our address rules can check address literals only, and refuse the known
// names of metadata services. Everything else is up to the proxy's own rules.
#pragma once

#include "http/no_proxy.hpp"
#include "net/login_guard.hpp"
#include "regpass/http/proxy_server.hpp"
#include "regpass/net/dial.hpp"
#include "regpass/tls/context.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>

namespace regpass::net {

struct upstream_proxy {
  std::optional<http::proxy_server> proxy;
  http::no_proxy except;
  std::shared_ptr<const tls::context> context{};  // for TLS to the proxy itself; set for an https proxy
  std::shared_ptr<login_guard> login = std::make_shared<login_guard>();
};
using upstream_proxy_ptr = std::shared_ptr<const upstream_proxy>;  // null: direct connections

struct connected_stream {
  std::unique_ptr<stream> wire;  // errors on it blame dial_target::blame
  std::string address;           // of the peer, or "proxy HOST:PORT"
  std::string own_end;           // our "ADDRESS:PORT" of the connection to the peer or proxy
  std::chrono::milliseconds resolved_in{0};
  std::chrono::milliseconds connected_in{0};  // with a proxy: until its tunnel was established
};

// Asks the proxy for the name, even if `target` has an address, because its rules are usually about names. NO_PROXY may
// list either. Everything happens within `target.within`. Failures of the proxy are errors of party::proxy that name
// it; what the address rules forbid is refused without asking the proxy.
async::task<result<connected_stream>> connect_through(upstream_proxy_ptr by, dial_target target);

}  // namespace regpass::net
