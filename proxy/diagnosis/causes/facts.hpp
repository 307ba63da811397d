// proxy/diagnosis/causes: from evidence to causes. This header: the facts that the rows of the cause table judge,
// derived from the evidence. Pure and total.
#pragma once

#include "regpass/diagnosis/evidence.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace regpass::diagnosis {

// Who gave the answer that decided the exchange.
enum class speaker : std::uint8_t { nobody, regpass, registry, token_server, intermediary };

// Something wrong with a credential file or entry, independent of any registry, by the name of its cause.
struct entry_fault {
  std::string_view name;
  std::string source;  // the file
  std::string key;     // of the entry; empty: the fault concerns the whole file
  std::string detail;
};

struct facts {
  const evidence* seen = nullptr;  // outlives the facts

  bool failed = false;  // the client got an error or nothing
  diagnosis::speaker decided_by = speaker::nobody;
  const answered_step* last_answer = nullptr;         // the registry's last answer to the client's own request
  const token_request_step* token_request = nullptr;  // the last
  const token_answer_step* token_answer = nullptr;
  const realm_step* refused_realm = nullptr;
  const policy_step* refused_policy = nullptr;
  const failed_step* failure = nullptr;  // the last
  const mount_step* mount = nullptr;
  const token_answer_step* without_credential = nullptr;  // the answer when it was tried anonymously
  bool passed_over = false;                               // it succeeded without the refused credential
  bool asked_for_reason = false;                   // a HEAD was refused, and `last_answer` is the same refusal of a GET
  bool failure_at_token_server = false;            // `failure` came while a token was asked for
  keyword<authorization_kind> sent_authorization;  // of the last request sent
  std::optional<registry::scope_set> granted;      // by the token last used
  registry::scope_set lacking;                     // needed minus granted, when granted is known
  const auth::claims* claims = nullptr;            // of the token last used
  std::optional<std::int64_t> token_over_s;  // how long the token had been expired when it was refused, by claims and
                                             // our clock; negative: the life that was left
  std::optional<std::int64_t> clock_difference_s;
  std::optional<std::int64_t> registry_time_s;  // when it refused, by its own clock, since the epoch
  std::string moved_to;  // the registry to which a redirect of the API leads, where the credential does not go
  std::vector<entry_fault> faults;  // if it failed: what is wrong with credential files and entries
};

facts derive(const evidence&);

// What is wrong with the credentials that were considered and the files that were searched (entry_faults.cpp).
std::vector<entry_fault> faults_of(const evidence&);

}  // namespace regpass::diagnosis
