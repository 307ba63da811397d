// What is done about a target: pure, from the snapshot.
#pragma once

#include "auth/address.hpp"
#include "forward/modes/target.hpp"
#include "regpass/forward/snapshot.hpp"
#include "transport/pool.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace regpass::forward {

struct decision {
  enum class what : std::uint8_t {
    intercept,  // a served registry: terminate TLS, speak HTTP, inject
    tunnel,     // any other host by CONNECT: opaque bytes both ways
    pass,       // any other host by absolute form: an HTTP exchange without anything of ours
    refuse
  };
  what action = what::refuse;
  const registry_entry* registry = nullptr;  // intercept
  bool upgrade = false;                      // intercept: plain HTTP from the client goes on as `over_tls`
  std::string why;                           // refuse: one sentence
  std::string remedy;                        // refuse: what would allow it, from its verb; may be empty
};

// `from_here`: the client is on this machine, so that plain HTTP of its does not travel.
decision decide(const target&, const snapshot&, bool from_here = false);

// What an upgraded request goes to: the same host over TLS, at its own port if one was written.
target over_tls(const target&);

// A served registry's own origin.
http::origin origin_of(const registry_entry&);

// Which addresses the target's name may have.
auth::address_rule rule_for(const target&, const decision&, const snapshot&);

// The route upstream of a served registry's origin, or of its token endpoint (same trust, other origin).
transport::route registry_route(const registry_entry&, const http::origin&, party peer, net::upstream_proxy_ptr by);
// The same by HTTP/1.1 where it can be: in HTTP/2 a long body is cut into frames and waits for windows, which costs
// twice the CPU and, where the registry is far, most of the speed.
transport::route for_blobs(transport::route);
// For hosts that are no registry: system trust is not needed, since nothing of ours is sent.
transport::route pass_route(const http::origin&, auth::address_rule, net::upstream_proxy_ptr by);

net::address_filter filter_for(auth::address_rule);

}  // namespace regpass::forward
