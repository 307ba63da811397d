// Runs one exchange: performs what exchange_fsm.hpp decides, and records it.
#pragma once

#include "forward/exchange/route.hpp"
#include "forward/modes/url_mapping.hpp"
#include "forward/record/exchange_record.hpp"
#include "forward/services/services.hpp"
#include "regpass/transport/exchange.hpp"

#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace regpass::forward {

struct exchange_request {
  forward::target target;
  std::optional<http::request_head> head{};  // for the registry, if it differs from the one that the client sent
  const registry_entry* registry = nullptr;  // inside `snapshot`; null: any other host
  snapshot_ptr snapshot;
  std::string client;
  std::string mode = "proxy";
  std::optional<facade> seen_as{};  // if the client knows the registry by another address
  bool may_be_step = false;         // a build step's request, with its builder's password (step_detector.hpp)

  // By configuration regpass adds nothing, so it refuses nothing that the registry would not refuse.
  bool is_only_observed() const noexcept {
    return registry != nullptr && registry->options.injection == auth::injection::observe;
  }
  auth::injection injection() const noexcept {
    return registry != nullptr && !may_be_step ? registry->options.injection : auth::injection::observe;
  }
};

// Serves `down` completely: when it returns, a response was written or the exchange was aborted. The result is logged,
// added to the history and returned.
async::task<std::shared_ptr<const exchange_record>> run_exchange(worker_context around, exchange_request request,
                                                                 transport::downstream& down);

}  // namespace regpass::forward
