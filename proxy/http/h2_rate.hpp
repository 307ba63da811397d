// A rate limit (token bucket): a burst of `most`, refilled within ten seconds.
#pragma once

#include "regpass/base/time.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace regpass::http {

class h2_rate {
 public:
  explicit h2_rate(std::size_t most) : most_(static_cast<double>(most)), left_(most_) {}

  // False: the limit is exceeded.
  bool take(steady_time at) noexcept {
    if (at > last_) {
      const std::chrono::duration<double> passed = last_ == steady_time() ? std::chrono::seconds(0) : at - last_;
      left_ = std::min(most_, left_ + most_ * passed.count() / 10);
      last_ = at;
    }
    left_ -= 1;
    return left_ >= 0;
  }

 private:
  double most_;
  double left_;
  steady_time last_{};
};

}  // namespace regpass::http
