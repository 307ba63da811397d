// Token scopes: "repository:team-a/app:pull,push" (distribution: token scope documentation).
#pragma once

#include "regpass/base/error.hpp"

#include <compare>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace regpass::registry {

// One resource and the actions on it. `type` may carry a class: "repository(plugin)". "repository(image)" is
// "repository": image is the default class (distribution: token scope documentation).
struct scope {
  std::string type;
  std::string name;  // may contain ':' (a host with port); the last ':' separates the actions
  std::set<std::string, std::less<>> actions;

  auto operator<=>(const scope&) const = default;
};

// The type without a class that is empty or the default.
std::string canonical_type(std::string_view type);
result<scope> parse_scope(std::string_view text);
std::string to_text(const scope&);  // actions in alphabetical order

// A set of scopes, at most one per (type, name), which equal meanings make equal: actions of the same resource are
// merged, and "*" covers, and swallows, every other.
class scope_set {
 public:
  scope_set() = default;
  explicit scope_set(scope one) { add(std::move(one)); }

  void add(scope);
  void add(const scope_set&);
  bool empty() const noexcept { return list_.empty(); }
  bool covers(const scope_set& need) const;           // every action of `need` is in here
  scope_set minus(const scope_set& other) const;      // what is in here and not in `other`
  scope_set intersect(const scope_set& other) const;  // what is in both

  const std::vector<scope>& list() const noexcept { return list_; }  // sorted
  friend bool operator==(const scope_set&, const scope_set&) = default;
  friend auto operator<=>(const scope_set&, const scope_set&) = default;

 private:
  std::vector<scope> list_;
};

// Blank-separated, as in challenges and POST bodies. An empty text is an empty set.
result<scope_set> parse_scopes(std::string_view text);
std::string to_text(const scope_set&);  // canonical: sorted, blank-separated

// "repository:NAME:pull[,push]…"
scope repository_scope(std::string_view repository, std::initializer_list<std::string_view> actions);

}  // namespace regpass::registry
