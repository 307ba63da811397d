// What sessions work with: shared by all workers (services), and one worker's own (surroundings).
#pragma once

#include "regpass/exchange/pool.hpp"
#include "regpass/forward/blob_pushes.hpp"
#include "regpass/forward/credential_client.hpp"
#include "regpass/forward/distrust.hpp"
#include "regpass/forward/head_count.hpp"
#include "regpass/forward/journal.hpp"
#include "regpass/forward/memory.hpp"
#include "regpass/forward/metrics.hpp"
#include "regpass/forward/own_ends.hpp"
#include "regpass/forward/passed_hosts.hpp"
#include "regpass/forward/refusals.hpp"
#include "regpass/forward/snapshot.hpp"
#include "regpass/forward/step_fence.hpp"
#include "regpass/forward/token_client.hpp"
#include "regpass/tls/leaf.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>

namespace regpass::forward {

struct services {
  token_client& tokens;
  forward::memory& memory;
  forward::journal& journal;
  forward::metrics& metrics;
  tls::leaf_cache* leaves = nullptr;      // null: nothing is intercepted (check)
  std::function<snapshot_ptr()> current;  // thread-safe
  std::chrono::milliseconds tunnel_idle{900'000};
  head_count sessions{};                  // open client connections
  std::atomic<std::size_t> busy{0};       // exchanges and tunnels under way
  own_ends spliced{};                     // our ends towards the hosts of captured streams
  credential_client* programs = nullptr;  // null: none is asked
  refusals refused{};
  passed_hosts passed{};
  blob_pushes pushes{};
  step_fence fence{};
  forward::distrust distrust{};
};

struct surroundings {
  net::executor on;  // of the worker
  services& shared;
  exchange::pool& pool;
  const exchange::limits& bounds;
};

}  // namespace regpass::forward
