// One exchange with a served registry: the handshake's actions carried out, the bodies relayed, the evidence written
// down.
#pragma once

#include "auth/handshake.hpp"
#include "forward/exchange/route.hpp"
#include "forward/modes/url_mapping.hpp"
#include "forward/services/services.hpp"
#include "regpass/async/task_group.hpp"
#include "regpass/diagnosis/diagnose.hpp"
#include "regpass/diagnosis/evidence.hpp"
#include "regpass/forward/report.hpp"
#include "regpass/registry/operation.hpp"
#include "regpass/transport/exchange.hpp"

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
async::task<std::shared_ptr<const exchange_record>> forward_exchange(worker_context around, forward_request what,
                                                                     transport::downstream& down);

}  // namespace regpass::forward
