// Loads the target over kept-alive connections: as fast as it answers, or at a fixed rate.
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

  /// The handshakes and the `GET /v2/` that clients begin with, before any time is taken.
  void warm_up();

  /// Every slot asks again as soon as it has its answer.
  void closed();

  /// Jobs begin at fixed instants, whether or not the ones before are done; a latency counts from its job's instant.
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
  std::vector<Slot> slots_;  // as many for each link as it may have requests at a time
  Result result_;
  Link::Done done_;
  std::size_t active_ = 0;
  bool again_ = true;
  std::deque<Slot*> idle_;                 // for a fixed rate
  std::deque<Clock::time_point> waiting_;  // instants that found no idle slot
};

}  // namespace bench
