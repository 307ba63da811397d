// An exchange that is over: what was seen, why it failed if it did, and what moved.
#pragma once

#include "regpass/diagnosis/diagnose.hpp"
#include "regpass/diagnosis/evidence.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace regpass::forward {

struct traffic {
  std::string client_version = "1.1";
  std::string upstream_version;  // empty: nothing was sent upstream
  std::string cache;             // hit | miss | refreshed; empty: no token was needed
  int attempts = 0;
  int sent_status = 0;          // what the client got, when it is not the outcome itself; 0: it is
  std::uint64_t bytes_in = 0;   // of the client's request body
  std::uint64_t bytes_out = 0;  // of the response body
  std::int64_t duration_ms = 0;
  bool passed_over = false;  // the credential was refused, and a public image pulled without
};

struct exchange_record {
  diagnosis::evidence evidence;
  std::optional<diagnosis::explanation> explanation;
  traffic moved{};
};

}  // namespace regpass::forward
