// One exchange with a served registry: the handshake's actions carried out, the bodies relayed, the evidence written
// down.
#pragma once

#include "regpass/auth/handshake.hpp"
#include "regpass/exchange/exchange.hpp"
#include "regpass/explain/diagnose.hpp"
#include "regpass/explain/evidence.hpp"
#include "regpass/forward/report.hpp"
#include "regpass/forward/rewrite.hpp"
#include "regpass/forward/route.hpp"
#include "regpass/forward/services.hpp"
#include "regpass/net/task_group.hpp"
#include "regpass/registry/operation.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>

namespace regpass::forward {

struct forward_request {
  forward::target target;
  std::optional<http::request_head> head{};  // what the registry is asked, where the client asked us otherwise
  const registry_entry* registry = nullptr;  // inside `snapshot`
  snapshot_ptr snapshot;
  std::string client;
  std::string mode = "proxy";
  std::optional<facade> seen_as{};  // when the client does not know the registry by its own address
  bool may_be_step = false;         // a build step's request, with its builder's password (step_fence.hpp)
};

// Serves `down` completely: a response was written or the exchange aborted when it returns. What happened is logged,
// journalled and returned.
net::task<std::shared_ptr<const finished>> forward_exchange(surroundings around, forward_request what,
                                                            exchange::downstream& down);

}  // namespace regpass::forward
