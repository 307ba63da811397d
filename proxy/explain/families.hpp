// The table of causes by families; causes.cpp puts them in order.
#pragma once

#include "regpass/explain/causes.hpp"

#include <span>

namespace regpass::explain {

using judgement = std::optional<certainty>;
inline constexpr judgement ruled_out{};

inline judgement observed_if(bool holds) {
  return holds ? judgement(certainty::observed) : ruled_out;
}

std::span<const cause> policy_causes() noexcept;      // we refused
std::span<const cause> credential_causes() noexcept;  // who asks
std::span<const cause> token_causes() noexcept;       // what the token is good for
std::span<const cause> proxy_causes() noexcept;       // the way out is barred
std::span<const cause> upstream_causes() noexcept;    // no answer came
std::span<const cause> registry_causes() noexcept;    // the registry answered

}  // namespace regpass::explain
