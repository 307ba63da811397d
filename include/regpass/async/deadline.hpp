// One timer per connection, moved instead of re-armed: moving it to a later time costs a store.
#pragma once

#include "regpass/async/task.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

namespace regpass::async {

// Which side waits. A connection's reader and writer run concurrently, and the end of one wait must not clear the limit
// of the other.
enum class direction : std::uint8_t { reading, writing };

class deadline {
 public:
  // `expire` closes what waits; it runs on the executor, at most once, and never after the deadline was destroyed.
  deadline(const executor& on, std::function<void()> expire);
  ~deadline();
  deadline(const deadline&) = delete;
  deadline& operator=(const deadline&) = delete;

  void set(phase when, std::chrono::milliseconds from_now, direction which = direction::reading);
  void clear(direction which = direction::reading) noexcept;

  // Also calls `look` periodically until `unwatch`.
  void watch(std::chrono::milliseconds every, std::function<void()> look);
  void unwatch() noexcept;

  // The phase that timed out, once `expire` has run.
  std::optional<phase> expired() const noexcept;
  // `problem`, unless the deadline caused it: then errc::timed_out in the phase that timed out.
  error blame(error problem) const;

 private:
  struct state;
  std::shared_ptr<state> state_;
};

}  // namespace regpass::async
