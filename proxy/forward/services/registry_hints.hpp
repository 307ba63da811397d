// What was learned from registries and is shared by all workers: their challenges, which of their tokens they refused,
// and where they sent uploads. Bounded, behind a lock.
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
  // The last demand for pulls from or pushes to this repository, where one is known, else the last of its registry. It
  // only saves a round trip: a registry that changes its mind says so with its next 401. What was said of one request
  // (scope, error) is not kept.
  std::optional<auth::requirement> requirement_of(const registry::host& host, std::string_view repository = {},
                                                  bool push = false) const;
  // Without a repository for the registry alone, as its /v2/ says it.
  void learn(const registry::host& host, std::string_view repository, bool push, const auth::requirement& requirement);

  // Credentials that were refused where it went without them, by their generation. `refuse` is true for the first time.
  bool refuse(std::uint64_t generation);
  void accept(std::uint64_t generation);
  bool is_refused(std::uint64_t generation) const;

  // Tokens that were refused when they were fresh: for a few seconds no other is asked for in their place.
  void refuse_fresh(const auth::token_ptr& token, steady_time at);
  bool was_refused_fresh(const auth::token_ptr& token, steady_time at) const;

  // An upload's Location belongs to the repository whose upload it is, whatever it looks like. The request's path must
  // be that of the Location, and its query may add to the Location's; of several with one path the query decides.
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
  struct known {
    auth::requirement last;
    own_requirements own;  // of repositories that wanted something else than others, by own_key
    const auth::requirement& requirement_for(std::string_view repository, bool push) const;
  };
  struct refused_token {
    std::weak_ptr<const auth::token> token;
    steady_time until;
  };
  void make_room_for(const registry::host& host);
  void forget_upload(uploads::iterator at);

  static constexpr std::size_t max_uploads = 1024;
  static constexpr std::size_t max_demands = 1024;
  static constexpr std::size_t max_own_demands = 256;  // of one registry
  static constexpr std::size_t max_refused = 1024;
  static constexpr std::size_t max_refused_tokens = 256;
  mutable std::mutex lock_;
  std::map<registry::host, known> demands_;
  std::set<std::uint64_t> refused_;
  std::list<refused_token> refused_tokens_;                               // oldest first
  uploads uploads_;                                                       // most recent first
  std::unordered_multimap<std::string_view, uploads::iterator> by_path_;  // keys are parts of the targets
};

}  // namespace regpass::forward
