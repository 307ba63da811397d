// Who may fill log and history with refusals: nobody. A build step that hammers the proxy is told of a few times a
// second for each cause, and the rest is counted and told of in one line (P6).
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

// Thread-safe. Whoever has no place in the table, because very many clients are in it, shares one place with others.
class refusal_limiter {
 public:
  using key = std::pair<std::string, std::string>;  // client, cause
  static constexpr auto span = std::chrono::seconds{1};
  static constexpr std::size_t most_places = 256;  // a client and a cause each
  enum class told : std::uint8_t { whole, counted, counted_first };

  struct verdict {
    told how;
    key place;
  };

  explicit refusal_limiter(std::size_t in_a_span = 20) : most_(in_a_span) {}
  void allow(std::size_t in_a_span) { most_ = in_a_span; }

  // How to tell of one more refusal. `counted_first`: the caller asks for the sum when the span is over.
  verdict add(std::string_view client, std::string_view cause, steady_time at);
  // Those that were only counted since; the counting begins anew.
  std::uint64_t take(const key& place);

 private:
  struct count {
    steady_time began_at;
    std::size_t whole = 0;
    std::uint64_t only_counted = 0;
  };
  key place_for(std::string_view client, std::string_view cause) const;  // under the lock
  void forget_the_past(steady_time at);                                  // under the lock

  std::size_t most_;
  std::mutex lock_;
  std::map<key, count> counts_;
};

struct worker_context;

// Whether a refusal by this cause is to be logged and kept; if not, it is in a `refusals-counted` line a second later.
// `peer` is the client's address, with its port or without.
bool should_report(const worker_context& around, std::string_view peer, std::string_view cause);

}  // namespace regpass::forward
