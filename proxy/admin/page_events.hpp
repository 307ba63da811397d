// Server-sent events (HTML Living Standard, section 9.2) of exchanges as they finish.
#pragma once

#include "admin/http_service.hpp"
#include "regpass/forward/history.hpp"

namespace regpass::admin {

// `since`, or the Last-Event-ID of a browser that reconnects, is how many exchanges the browser has received.
reply event_stream(const forward::history&, const call&);

}  // namespace regpass::admin
