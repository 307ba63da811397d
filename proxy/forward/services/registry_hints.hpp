// What was learned from registries, shared by all workers: their challenges, the credentials and tokens they refused,
// and the locations of uploads. Bounded and thread-safe.
#pragma once

#include "regpass/auth/challenge.hpp"
#include "regpass/auth/token.hpp"
#include "regpass/base/time.hpp"
#include "regpass/registry/host.hpp"

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>

namespace regpass::forward {

class registry_hints {
 public:
  // The last requirement for pulls from or pushes to this repository, or else the registry's last one. It only saves a
  // round trip: a registry that changes its requirement says so in its next 401. Details of a single request (scope,
  // error) are not kept.
  std::optional<auth::requirement> requirement_of(const registry::host& host, std::string_view repository = {},
                                                  bool push = false) const;
  // An empty repository: the requirement is the registry's own, from its /v2/.
  void learn(const registry::host& host, std::string_view repository, bool push, const auth::requirement& requirement);

  // Credentials, by generation, that were refused although the same request succeeded without them. `refuse` returns
  // true the first time.
  bool refuse(std::uint64_t generation);
  void accept(std::uint64_t generation);
  bool is_refused(std::uint64_t generation) const;

  // Tokens that were refused right after they were obtained: for a few seconds no replacement is requested.
  void refuse_fresh(const auth::token_ptr& token, steady_time at);
  bool was_refused_fresh(const auth::token_ptr& token, steady_time at) const;

  // An upload's Location belongs to the repository of that upload, whatever the URL looks like. The request's path must
  // equal the Location's, and its query may extend the Location's; among several with the same path the query decides.
  std::optional<std::string> repository_of(const registry::host& host, std::string_view target) const;
  void remember_upload(const registry::host& host, std::string_view target, const std::string& repository);

 private:
  struct upload {
    registry::host host;
    std::string target;
    std::string repository;
  };
  using uploads = std::list<upload>;
  using own_requirements = std::map<std::string, auth::requirement, std::less<>>;  // by repository
  struct registry_state {
    auth::requirement last;
    own_requirements own;  // of repositories that differ from the rest, by own_key
    const auth::requirement& requirement_for(std::string_view repository, bool push) const;
  };
  struct refused_token {
    std::weak_ptr<const auth::token> token;
    steady_time until;
  };
  void make_room_for(const registry::host& host);
  void forget_upload(uploads::iterator at);

  static constexpr std::size_t max_uploads = 1024;
  static constexpr std::size_t max_registries = 1024;
  static constexpr std::size_t max_own_requirements = 256;  // of one registry
  static constexpr std::size_t max_refused = 1024;
  static constexpr std::size_t max_refused_tokens = 256;
  mutable std::mutex lock_;
  std::map<registry::host, registry_state> requirements_;
  std::set<std::uint64_t> refused_;
  std::list<refused_token> refused_tokens_;                               // oldest first
  uploads uploads_;                                                       // most recent first
  std::unordered_multimap<std::string_view, uploads::iterator> by_path_;  // keys are parts of the targets
};

}  // namespace regpass::forward
