// Evidence, reduced to what it means. Pure and total.
#pragma once

#include "regpass/explain/evidence.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace regpass::explain {

// Who gave the answer that decided the exchange.
enum class speaker : std::uint8_t { nobody, regpass, registry, token_server, between };

struct facts {
  const evidence* seen = nullptr;  // outlives the facts

  bool failed = false;  // the client got an error or nothing
  explain::speaker decided_by = speaker::nobody;
  const answered_step* last_answer = nullptr;         // the registry's last answer to the client's own request
  const token_request_step* token_request = nullptr;  // the last
  const token_answer_step* token_answer = nullptr;
  const realm_step* refused_realm = nullptr;
  const policy_step* refused_policy = nullptr;
  const failed_step* failure = nullptr;        // the last
  bool failure_at_token_server = false;        // `failure` came while a token was asked for
  std::string sent_authorization;              // of the last send: none | basic | bearer | client
  std::optional<registry::scope_set> granted;  // by the token last used
  registry::scope_set lacking;                 // needed minus granted, when granted is known
  const auth::claims* claims = nullptr;        // of the token last used
  std::optional<std::int64_t> token_over_s;    // how long the token had been expired when it was refused, by claims and
                                               // our clock; negative: the life that was left
  std::optional<std::int64_t> clock_difference_s;
};

facts derive(const evidence&);

}  // namespace regpass::explain
