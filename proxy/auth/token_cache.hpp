// Tokens by what they are good for. Pure: the clock is an argument. One owner, or a lock around it.
#pragma once

#include "regpass/auth/token.hpp"
#include "regpass/registry/host.hpp"

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace regpass::auth {

// A token serves only the registry, realm, service and credential generation that it was obtained for (T07).
struct token_key {
  registry::host registry;
  std::string realm;
  std::string service;
  std::uint64_t generation = 0;  // 0: anonymous

  auto operator<=>(const token_key&) const = default;
};

class token_cache {
 public:
  explicit token_cache(std::size_t capacity = 1024) : capacity_(capacity) {}

  // A live token that was asked for at least `need` (a wider one serves a narrower need; the narrowest that fits is
  // taken). One that was granted too little is found only for exactly what it was asked for: asking that again would
  // not give more, while a narrower question may, since some servers honour only one scope of several.
  token_ptr find(const token_key&, const registry::scope_set& need, steady_time now);
  void store(const token_key&, token_ptr, steady_time now);  // least recently used goes when full; dead ones go first
  void forget(const token_ptr&);                             // the registry refused it
  void drop(std::uint64_t generation);                       // the credential is gone
  std::size_t size() const noexcept { return entries_.size(); }
  // Those that are alive, most recently used first.
  std::vector<std::pair<token_key, token_ptr>> live(steady_time now) const;

 private:
  struct entry {
    token_key key;
    auth::token_ptr token;
  };
  using place = std::list<entry>::iterator;
  // What a token is for: one for each resource that it was asked for.
  struct subject {
    token_key key;
    std::string type;
    std::string name;
    auto operator<=>(const subject&) const = default;
  };
  static std::vector<subject> subjects_of(const entry&);
  // Those that may serve this need: a token of another resource cannot.
  std::vector<place> candidates(const token_key&, const registry::scope_set& need);
  place erase(place);
  template <class Which>
  void erase_if(Which which);

  std::size_t capacity_;
  std::list<entry> entries_;  // most recently used first
  std::map<subject, std::vector<place>> by_subject_;
};

}  // namespace regpass::auth
