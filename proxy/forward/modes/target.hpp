// Whom a client wants to talk to, whichever way it came in.
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
    connect,         // CONNECT host:port: opaque until we intercept
    absolute_form,   // GET http://host/path: plain HTTP through the proxy
    mirror,          // GET /path: plain HTTP to a mirror
    captured_tls,    // a redirected connection that begins with a ClientHello
    captured_http,   // one that begins with an HTTP request in origin form
    captured_opaque  // one that nobody can read: never a registry's
  };
  way came_by = way::connect;
  http::origin origin;      // https where the client speaks, or may speak, TLS; else http
  registry::host registry;  // the same host by its registry name ("registry-1.docker.io" is "docker.io")
  std::string original;     // captured: the IP address that the client connected to, which need not be the host's

  bool tls() const noexcept { return origin.scheme == "https"; }
};

target make_target(target::way, http::origin);

// Explicit mode: what the head of a request to the proxy port asks for. In the absolute form the head's target becomes
// the origin form and Host is set from it (RFC 9112 section 3.2.2). Errors: bad_message for anything that is no request
// to a proxy.
result<target> ingress(http::request_head& head);

}  // namespace regpass::forward
