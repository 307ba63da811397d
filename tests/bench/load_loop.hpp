// Loads the target over kept-alive connections: as fast as it responds, or at a fixed rate.
#pragma once

#include "link.hpp"
#include "work.hpp"

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

namespace bench {

class LoadLoop {
 public:
  explicit LoadLoop(const Options& options);

  /// The handshakes and the initial `GET /v2/` of the clients, before time is measured.
  void warm_up();

  /// Every slot sends its next request as soon as it has received the response.
  void closed();

  /// Jobs start at fixed times, whether or not earlier ones are done; latency is measured from the scheduled time.
  void open(double per_second);

  Result& result() { return result_; }

 private:
  struct Slot {
    Link* link;
    Job job;
  };

  bool begin(Slot& slot, Clock::time_point since);
  void answered(Slot& slot, const Answer& answer, std::uint64_t body);
  void begin_due();

  Way way_;
  Context context_;
  Work work_;
  std::vector<std::unique_ptr<Link>> links_;
  std::vector<Slot> slots_;  // one per concurrent request of each link
  Result result_;
  Link::Done done_;
  std::size_t active_ = 0;
  bool again_ = true;
  std::deque<Slot*> idle_;                 // used for a fixed rate
  std::deque<Clock::time_point> waiting_;  // scheduled times for which no slot was idle
};

}  // namespace bench
