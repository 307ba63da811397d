// Server-sent events (HTML Living Standard, section 9.2) of exchanges as they finish.
#pragma once

#include "regpass/admin/http_service.hpp"
#include "regpass/forward/journal.hpp"

namespace regpass::admin {

// `since`, or the Last-Event-ID of a browser that comes back, is how many exchanges the other side has heard of.
reply event_stream(const forward::journal&, const call&);

}  // namespace regpass::admin
