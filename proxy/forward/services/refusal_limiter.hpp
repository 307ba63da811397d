// Keeps clients from filling the log and the history with refusals (P6). For each client and cause a few refusals a
// second are reported in full; the rest are counted and summarised in one line.
#pragma once

#include "regpass/base/time.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

namespace regpass::forward {

// Thread-safe. When the table is full, further clients and causes share one slot.
class refusal_limiter {
 public:
  using key = std::pair<std::string, std::string>;  // client, cause
  static constexpr auto span = std::chrono::seconds{1};
  static constexpr std::size_t max_slots = 256;  // a client and a cause each
  enum class action : std::uint8_t { report, count, count_first };

  struct verdict {
    action todo;
    key slot;
  };

  explicit refusal_limiter(std::size_t reported_per_span = 20) : max_reported_(reported_per_span) {}
  void set_limit(std::size_t reported_per_span) { max_reported_ = reported_per_span; }

  // What to do about another refusal. `count_first`: the caller calls `take` when the span is over.
  verdict add(std::string_view client, std::string_view cause, steady_time at);
  // How many refusals were only counted since the last call.
  std::uint64_t take(const key& slot);

 private:
  struct counts {
    steady_time began_at;
    std::size_t reported = 0;
    std::uint64_t only_counted = 0;
  };
  key slot_for(std::string_view client, std::string_view cause) const;  // under the lock
  void drop_finished(steady_time at);                                   // under the lock

  std::size_t max_reported_;
  std::mutex lock_;
  std::map<key, counts> slots_;
};

struct worker_context;

// Whether to log a refusal and keep it in the history. If not, it is included in a `refusals-counted` line a second
// later. `peer` is the client's address, with or without a port.
bool should_report(const worker_context& context, std::string_view peer, std::string_view cause);

}  // namespace regpass::forward
