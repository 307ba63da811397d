// [client_auth]: who holds the proxy password, and what build steps may do with it.
#pragma once

#include <cstdint>

namespace regpass::options {

enum class builder_kind : std::uint8_t { automatic, buildkit, other };

enum class step_requests : std::uint8_t {
  refuse,
  anonymous  // forwarded unchanged, without a credential
};

struct client_rules {
  builder_kind builder = builder_kind::automatic;
  step_requests steps = step_requests::refuse;
};

}  // namespace regpass::options
