// A request to a mirror: which registry it is for, and what goes there. Pure.
#pragma once

#include "forward/exchange/route.hpp"
#include "forward/modes/url_mapping.hpp"
#include "regpass/base/error.hpp"
#include "regpass/forward/snapshot.hpp"
#include "regpass/http/message.hpp"
#include "regpass/http/origin.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace regpass::forward {

struct mirror_call {
  http::origin shown{};           // the mirror, as Host names it
  std::string selected{};         // the value of ?ns=, decoded; empty: none
  bool prefix_behind_v2 = false;  // "/v2/hub/…" was written, not "/hub/v2/…"
  // GET /v2/ without the prefix: containers/image and dockerd begin with it, also for 127.0.0.1:5000/hub/app.
  bool bare_ping = false;
};

// The head's target becomes what goes upstream: without the prefix and without ns, all else as written. Errors:
// not_found when the path lacks the prefix; bad_message for what is no request to an origin server.
result<mirror_call> ingress_mirror(http::request_head& head, std::string_view prefix);

// Refuses what a page in a browser sent, and what is addressed to a host that is not the mirror: its name was made to
// lead here (DNS rebinding). The mirror's own hosts are loopback addresses, localhost, the names of served registries,
// and `names` of its [[mirror]].
std::optional<decision> judge_caller(const http::request_head&, const mirror_call&, const mirror_entry&,
                                     const snapshot&);

// The registry asked for: ns if it is served, else the mirror's own.
decision decide_mirror(const mirror_call&, const mirror_entry&, const snapshot&);

target mirror_target(const registry_entry&);
facade mirror_facade(const mirror_call&, const mirror_entry&, const target&);

}  // namespace regpass::forward
