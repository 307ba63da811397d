// The host that a client wants to reach, in any mode.
#pragma once

#include "regpass/base/error.hpp"
#include "regpass/http/message.hpp"
#include "regpass/http/origin.hpp"
#include "regpass/registry/host.hpp"

#include <cstdint>
#include <string>

namespace regpass::forward {

struct target {
  enum class way : std::uint8_t {
    connect,           // CONNECT host:port: opaque until it is intercepted
    absolute_form,     // GET http://host/path: plain HTTP through the proxy
    mirror,            // GET /path: plain HTTP to a mirror
    redirected_tls,    // a redirected connection that begins with a ClientHello
    redirected_http,   // one that begins with an HTTP request in origin form
    redirected_opaque  // one in an unknown protocol: never a registry's
  };
  way came_by = way::connect;
  http::origin origin;      // https if the client may speak TLS, else http
  registry::host registry;  // the same host by its registry name ("registry-1.docker.io" is "docker.io")
  std::string original;     // redirected: the IP address that the client connected to, which may not be the host's

  bool tls() const noexcept { return origin.scheme == "https"; }
};

target make_target(target::way, http::origin);

// The target of a request to a proxy. A head in absolute form is rewritten to origin form, and Host is set from it (RFC
// 9112 section 3.2.2). Errors: bad_message for anything that is not a request to a proxy.
result<target> parse_proxy_target(http::request_head& head);

}  // namespace regpass::forward
