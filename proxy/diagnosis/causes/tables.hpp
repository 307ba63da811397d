// The cause table in parts, by subject; causes.cpp joins them in order of precedence.
#pragma once

#include "diagnosis/causes/causes.hpp"

#include <span>

namespace regpass::diagnosis {

using judgement = std::optional<certainty>;
inline constexpr judgement ruled_out{};

inline judgement observed_if(bool holds) {
  return holds ? judgement(certainty::observed) : ruled_out;
}
inline judgement likely_if(bool holds) {
  return holds ? judgement(certainty::likely) : ruled_out;
}

// The fault of that name, if a file or entry has it.
inline const entry_fault* fault_of(std::string_view name, const facts& f) {
  for (const auto& fault : f.faults) {
    if (fault.name == name) return &fault;
  }
  return nullptr;
}

// How certain it is that a credential is missing (the row no-credential).
judgement judge_no_credential(const facts&);

// Specific causes.
std::span<const cause> file_causes() noexcept;          // credential files
std::span<const cause> entry_causes() noexcept;         // entries in them
std::span<const cause> cloud_causes() noexcept;         // credentials of ECR, Google, Azure
std::span<const cause> product_causes() noexcept;       // Harbor, Quay, GitLab, Nexus, Artifactory, Gitea, …
std::span<const cause> token_server_causes() noexcept;  // challenge, realm, token server
std::span<const cause> exchange_causes() noexcept;      // the token
std::span<const cause> hub_causes() noexcept;           // Docker Hub, GitHub
std::span<const cause> refusal_causes() noexcept;       // what the registry does not accept
std::span<const cause> wire_causes() noexcept;          // redirects, mirrors, storage
std::span<const cause> notice_causes() noexcept;        // worth a notice, but not failures

// General causes.
std::span<const cause> policy_causes() noexcept;      // regpass refused
std::span<const cause> credential_causes() noexcept;  // the credential itself
std::span<const cause> token_causes() noexcept;       // what the token is good for
std::span<const cause> proxy_causes() noexcept;       // the upstream proxy failed
std::span<const cause> upstream_causes() noexcept;    // there was no answer
std::span<const cause> registry_causes() noexcept;    // the registry answered

}  // namespace regpass::diagnosis
