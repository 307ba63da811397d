#include "auth/backoff.hpp"

#include <algorithm>

namespace regpass::auth {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds after_refusal{10'000};
constexpr milliseconds after_trouble{1'000};
constexpr milliseconds longest{60'000};

milliseconds scaled(milliseconds span, double by) {
  return milliseconds(static_cast<milliseconds::rep>(static_cast<double>(span.count()) * by));
}

}  // namespace

milliseconds hold_off(const token_failure& failure, double random) {
  using kind = token_failure::kind;
  if (failure.what == kind::wrong_form && failure.status != 400) return milliseconds(0);
  const bool refused =
      failure.what == kind::rejected || failure.what == kind::forbidden || failure.what == kind::wrong_form;
  const auto usual = refused ? after_refusal : after_trouble;
  if (!failure.retry_after) return scaled(usual, 1 - random / 4);
  const auto named = std::clamp<milliseconds>(*failure.retry_after, usual, longest);
  return std::min(scaled(named, 1 + random / 10), longest);
}

}  // namespace regpass::auth
