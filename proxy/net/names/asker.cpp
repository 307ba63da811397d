#include "net/names/resolver.hpp"

#include <utility>

namespace regpass::net {

void asker::leave() {
  std::function<void()> call;
  {
    const std::lock_guard held(lock_);
    if (std::exchange(gone_, true)) return;
    call = std::exchange(call_, nullptr);
  }
  if (call) call();
}

bool asker::gone() const {
  const std::lock_guard held(lock_);
  return gone_;
}

void asker::when_gone(std::function<void()> call) {
  {
    const std::lock_guard held(lock_);
    if (!gone_) {
      call_ = std::move(call);
      return;
    }
  }
  if (call) call();
}

}  // namespace regpass::net
