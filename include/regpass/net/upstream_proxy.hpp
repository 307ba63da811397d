// The way out: straight to an address, or through a corporate proxy.
//
// With a proxy it is the proxy that resolves names, so our address rules can judge address literals only, and refuse by
// name what is known to lead to metadata services. Whatever else the proxy lets through, it answers for.
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
  std::shared_ptr<const tls::context> context{};  // for TLS to the proxy itself; there if it is an https one
  std::shared_ptr<login_guard> login = std::make_shared<login_guard>();
};
using upstream_proxy_ptr = std::shared_ptr<const upstream_proxy>;  // null: straight

struct reached {
  std::unique_ptr<stream> wire;  // errors on it blame dial_target::blame
  std::string address;           // of the peer, or "proxy HOST:PORT"
  std::string own_end;           // "ADDRESS:PORT" of ours, towards the peer or the proxy
  std::chrono::milliseconds resolved_in{0};
  std::chrono::milliseconds connected_in{0};  // with a proxy: until its tunnel stood
};

// A proxy is asked for the name, even where an address is given: names are what it has rules for. NO_PROXY may name
// either. All within `target.within`. What goes wrong at the proxy is an error of party::proxy that names it; what the
// address rules forbid is refused without asking the proxy.
async::task<result<reached>> reach(upstream_proxy_ptr by, dial_target target);

}  // namespace regpass::net
