// What sessions work with: shared by all workers (services), and one worker's own (worker_context).
#pragma once

#include "forward/services/blob_pushes.hpp"
#include "forward/services/credential_client.hpp"
#include "forward/services/live_count.hpp"
#include "forward/services/other_hosts.hpp"
#include "forward/services/own_connections.hpp"
#include "forward/services/refusal_limiter.hpp"
#include "forward/services/registry_hints.hpp"
#include "forward/services/tls_rejections.hpp"
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

struct services {
  token_client& tokens;
  forward::registry_hints& memory;
  forward::history& journal;
  forward::metrics& metrics;
  tls::leaf_cache* leaves = nullptr;      // null: nothing is intercepted (check)
  std::function<snapshot_ptr()> current;  // thread-safe
  std::chrono::milliseconds tunnel_idle{900'000};
  live_count sessions{};                  // open client connections
  std::atomic<std::size_t> busy{0};       // exchanges and tunnels under way
  own_connections spliced{};              // our ends towards the hosts of captured streams
  credential_client* programs = nullptr;  // null: none is asked
  refusal_limiter refused{};
  seen_hosts passed{};
  blob_pushes pushes{};
  step_detector fence{};
  forward::tls_rejections distrust{};
};

struct worker_context {
  async::executor on;  // of the worker
  services& shared;
  transport::pool& pool;
  const transport::limits& bounds;
};

}  // namespace regpass::forward
