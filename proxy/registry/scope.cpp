#include "regpass/registry/scope.hpp"

#include "regpass/base/text.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace regpass::registry {
namespace {

constexpr std::size_t longest_text = 4096;  // of a list of scopes (T12)

std::unexpected<error> refuse(std::string_view text) {
  return fail(errc::bad_message, "not a scope of the form type:name:actions: " + clean(text));
}

bool is_alnum(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// Wider than the grammar of the documentation, which real registries do not keep ("metadata_read"), but nothing that
// could end a scope, a list of scopes or a quoted string.
bool is_part(std::string_view text, std::string_view more) noexcept {
  return std::ranges::all_of(text, [more](char c) { return is_alnum(c) || more.find(c) != std::string_view::npos; });
}

bool is_part_of_list(const scope& s) noexcept {
  return !s.actions.empty();
}

auto key(const scope& s) {
  return std::tie(s.type, s.name);
}

const scope* find(const std::vector<scope>& list, const scope& like) {
  const auto at = std::ranges::lower_bound(list, key(like), {}, key);
  return at != list.end() && key(*at) == key(like) ? &*at : nullptr;
}

void swallow(scope& s) {
  if (s.actions.size() > 1 && s.actions.contains("*")) s.actions = {"*"};
}

bool allows(const scope& s, std::string_view action) {
  return s.actions.contains("*") || s.actions.contains(action);
}

}  // namespace

std::string canonical_type(std::string_view type) {
  for (const std::string_view kind : {"(image)", "()"}) {
    const bool is_default = type.size() > kind.size() && type.ends_with(kind);
    if (is_default) return canonical_type(type.substr(0, type.size() - kind.size()));
  }
  return std::string(type);
}

result<scope> parse_scope(std::string_view text) {
  const auto first = text.find(':');
  const auto last = text.rfind(':');
  if (first == std::string_view::npos || first == last) return refuse(text);
  scope s{std::string(text.substr(0, first)), std::string(text.substr(first + 1, last - first - 1)), {}};
  if (s.type.empty() || s.name.empty() || !is_part(s.type, "-_.()") || !is_part(s.name, "-_./:*@+~"))
    return refuse(text);
  auto actions = text.substr(last + 1);
  while (!actions.empty()) {
    const auto comma = std::min(actions.find(','), actions.size());
    const auto action = actions.substr(0, comma);
    if (!is_part(action, "-_.*")) return refuse(text);
    if (!action.empty()) s.actions.emplace(action);
    actions.remove_prefix(std::min(comma + 1, actions.size()));
  }
  s.type = canonical_type(s.type);
  swallow(s);
  return s;
}

std::string to_text(const scope& s) {
  auto out = s.type + ":" + s.name + ":";
  for (const auto& action : s.actions) out += action + ",";
  if (!s.actions.empty()) out.pop_back();
  return out;
}

void scope_set::add(scope added) {
  if (!is_part_of_list(added)) return;  // it has no actions
  const auto at = std::ranges::lower_bound(list_, key(added), {}, key);
  if (at == list_.end() || key(*at) != key(added)) {
    swallow(added);
    list_.insert(at, std::move(added));
  } else {
    at->actions.merge(added.actions);
    swallow(*at);
  }
}

void scope_set::add(const scope_set& other) {
  for (const auto& each : std::vector(other.list_)) add(each);  // a copy: `other` may be this set
}

bool scope_set::covers(const scope_set& need) const {
  return need.minus(*this).empty();
}

scope_set scope_set::minus(const scope_set& other) const {
  scope_set out;
  for (auto own : list_) {
    const auto* twin = find(other.list_, own);
    if (twin != nullptr) std::erase_if(own.actions, [twin](const auto& action) { return allows(*twin, action); });
    out.add(std::move(own));
  }
  return out;
}

scope_set scope_set::intersect(const scope_set& other) const {
  scope_set out;
  for (const auto& own : list_) {
    const auto* twin = find(other.list_, own);
    if (twin == nullptr) continue;
    scope both{own.type, own.name, {}};
    for (const auto& action : own.actions) {
      if (allows(*twin, action)) both.actions.insert(action);
    }
    for (const auto& action : twin->actions) {
      if (allows(own, action)) both.actions.insert(action);
    }
    out.add(std::move(both));
  }
  return out;
}

result<scope_set> parse_scopes(std::string_view text) {
  if (text.size() > longest_text) return fail(errc::too_large, "list of scopes longer than 4 KiB");
  scope_set out;
  while (!text.empty()) {
    const auto blank = std::min(text.find(' '), text.size());
    if (blank != 0) {
      auto parsed = parse_scope(text.substr(0, blank));
      if (!parsed) return std::unexpected(parsed.error());
      out.add(*std::move(parsed));
    }
    text.remove_prefix(std::min(blank + 1, text.size()));
  }
  return out;
}

std::string to_text(const scope_set& set) {
  std::string out;
  for (const auto& each : set.list()) out += (out.empty() ? "" : " ") + to_text(each);
  return out;
}

scope repository_scope(std::string_view repository, std::initializer_list<std::string_view> actions) {
  return {"repository", std::string(repository), {actions.begin(), actions.end()}};
}

}  // namespace regpass::registry
