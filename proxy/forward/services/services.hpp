// What sessions need beside their connection: shared by all workers (services), and owned by one worker
// (worker_context).
//
// This folder holds the parts: token requests, credential programs, registry hints, the limiter of refusals, and small
// stores.
#pragma once

#include "forward/services/credential_client.hpp"
#include "forward/services/refusal_limiter.hpp"
#include "forward/services/registry_hints.hpp"
#include "forward/services/stores.hpp"
#include "forward/services/token_client.hpp"
#include "forward/session/step_detector.hpp"
#include "regpass/forward/history.hpp"
#include "regpass/forward/metrics.hpp"
#include "regpass/forward/snapshot.hpp"
#include "tls/authority/leaf.hpp"
#include "transport/pool.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>

namespace regpass::forward {

// How much is going on at the moment.
struct current_load {
  std::atomic<std::size_t> sessions{0};  // open client connections
  std::atomic<std::size_t> busy{0};      // exchanges and tunnels under way
};

struct services {
  // Owned by whoever sets up the proxy.
  token_client& tokens;
  registry_hints& hints;
  forward::history& history;
  forward::metrics& metrics;
  tls::leaf_cache* leaves = nullptr;      // null: nothing is intercepted (check)
  std::function<snapshot_ptr()> current;  // the configuration in force; thread-safe
  std::chrono::milliseconds tunnel_idle{900'000};
  credential_client* programs = nullptr;  // null: credential programs are not run

  // Recorded by sessions.
  current_load load{};
  session_stores stores{};
  refusal_limiter refusals{};
  step_detector steps{};
};

struct worker_context {
  async::executor on;  // of the worker
  services& shared;
  transport::pool& pool;
  const transport::limits& bounds;
};

}  // namespace regpass::forward
