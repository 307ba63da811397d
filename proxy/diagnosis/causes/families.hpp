// The table of causes by families; causes.cpp puts them in order.
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

// The row's fault, when the files or entries have it.
inline const entry_fault* fault_of(std::string_view name, const facts& f) {
  for (const auto& one : f.faults) {
    if (one.name == name) return &one;
  }
  return nullptr;
}

// How sure it is that a credential is missing (the row no-credential).
judgement judge_no_credential(const facts&);

// Special forms, by where they come from.
std::span<const cause> file_causes() noexcept;          // credential files
std::span<const cause> entry_causes() noexcept;         // entries in them
std::span<const cause> cloud_causes() noexcept;         // credentials of ECR, Google, Azure
std::span<const cause> product_causes() noexcept;       // Harbor, Quay, GitLab, Nexus, Artifactory, Gitea, …
std::span<const cause> token_server_causes() noexcept;  // challenge, realm, token server
std::span<const cause> exchange_causes() noexcept;      // the token
std::span<const cause> hub_causes() noexcept;           // Docker Hub, GitHub
std::span<const cause> refusal_causes() noexcept;       // what the registry does not accept
std::span<const cause> wire_causes() noexcept;          // redirects, mirrors, storage
std::span<const cause> notice_causes() noexcept;        // not failures yet

// The wider ones.
std::span<const cause> policy_causes() noexcept;      // we refused
std::span<const cause> credential_causes() noexcept;  // who asks
std::span<const cause> token_causes() noexcept;       // what the token is good for
std::span<const cause> proxy_causes() noexcept;       // the way out is barred
std::span<const cause> upstream_causes() noexcept;    // no answer came
std::span<const cause> registry_causes() noexcept;    // the registry answered

}  // namespace regpass::diagnosis
