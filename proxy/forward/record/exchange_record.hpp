// A finished exchange: its evidence, the explanation if it failed, and what was transferred.
#pragma once

#include "regpass/diagnosis/diagnose.hpp"
#include "regpass/diagnosis/evidence.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace regpass::forward {

// Whether the token that a request needed was in the cache.
enum class cache_outcome : std::uint8_t { hit, miss, refreshed };
constexpr std::string_view name_of(cache_outcome outcome) noexcept {
  constexpr std::array<std::string_view, 3> names{"hit", "miss", "refreshed"};
  return names[static_cast<std::size_t>(outcome)];
}
constexpr cache_outcome last_of(cache_outcome) noexcept {
  return cache_outcome::refreshed;
}

struct traffic {
  std::string client_version = "1.1";
  std::string upstream_version;             // empty: nothing was sent upstream
  diagnosis::keyword<cache_outcome> cache;  // empty: no token was needed
  int attempts = 0;
  int sent_status = 0;          // what the client got, if it differs from the outcome; else 0
  std::uint64_t bytes_in = 0;   // of the client's request body
  std::uint64_t bytes_out = 0;  // of the response body
  std::int64_t duration_ms = 0;
  bool passed_over = false;  // the credential was refused, and a public image was pulled without it
};

struct exchange_record {
  diagnosis::evidence evidence;
  std::optional<diagnosis::explanation> explanation;
  traffic moved{};
};

}  // namespace regpass::forward
