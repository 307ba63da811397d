// The head of a client's request as it goes to the registry, and the registry's response head as it goes back.
#pragma once

#include "forward/modes/target.hpp"
#include "regpass/base/error.hpp"
#include "regpass/http/message.hpp"

namespace regpass::forward {

// Hop-by-hop fields out first, then everything a client has no business to say to a registry through us (T08).
// Authorization is out unless `keep_authorization`. Host is the target's. Errors are the client's fault.
result<http::request_head> upstream_head(const http::request_head& client, const target& to, bool keep_authorization);

// `served`: a registry that gets our credentials; its challenges are ours to answer, so they never reach the client:
// one that sees a challenge starts a token dance of its own, past us (docs/clients.md, rule 1).
void downstream_head(http::response_head& head, bool served);

}  // namespace regpass::forward
