// Which HTTP status a client gets for a failure.
#pragma once

#include "regpass/base/error.hpp"

#include <cstdint>

namespace regpass::forward {

enum class failed_operation : std::uint8_t {
  client_request,  // the client's request could not be read
  tunnel,          // the tunnel that the client requested could not be opened
  exchange         // no usable response came from upstream
};

// For an exchange, 503 invites a retry, 504 reports a timeout and 502 an unusable response. Never 401: clients would
// start a token request of their own (docs/clients.md, rule 1).
int http_status_for(const error& problem, failed_operation operation) noexcept;

}  // namespace regpass::forward
