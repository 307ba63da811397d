// A request to a mirror: which registry it is for, and what is sent there. Pure.
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

struct mirror_request {
  http::origin shown{};           // the mirror, as Host names it
  std::string selected{};         // the decoded value of ?ns=; empty: no ns
  bool prefix_behind_v2 = false;  // the client sent "/v2/hub/…", not "/hub/v2/…"
  // GET /v2/ without the prefix: containers/image and dockerd send it first, even for 127.0.0.1:5000/hub/app.
  bool bare_ping = false;
};

// Rewrites the head's target to the one that is sent upstream: without the prefix and without ns, otherwise unchanged.
// Errors: not_found when the path lacks the prefix; bad_message for anything that is not a request to an origin server.
result<mirror_request> parse_mirror_request(http::request_head& head, std::string_view prefix);

// Refuses requests that a page in a browser sent, and those addressed to a host other than the mirror, whose name may
// have been pointed here (DNS rebinding). The mirror's own hosts are loopback addresses, localhost, the names of served
// registries, and `names` of its [[mirror]].
std::optional<decision> check_caller(const http::request_head&, const mirror_request&, const mirror_entry&,
                                     const snapshot&);

// Decides on the registry in ns, or on the mirror's own if there is no ns.
decision decide_mirror_request(const mirror_request&, const mirror_entry&, const snapshot&);

target mirror_target(const registry_entry&);
facade mirror_facade(const mirror_request&, const mirror_entry&, const target&);

}  // namespace regpass::forward
