// Single values to JSON and back: what json_fields.hpp builds on. `decode` returns whether the value had the right
// type.
#pragma once

#include "diagnosis/record/field.hpp"
#include "regpass/auth/choice.hpp"
#include "regpass/base/error.hpp"
#include "regpass/base/text.hpp"
#include "regpass/base/time.hpp"
#include "regpass/registry/scope.hpp"

#include <boost/json/value.hpp>

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

namespace regpass::diagnosis {

namespace json = boost::json;

inline constexpr std::size_t longest_text = 8 * 1024;  // as the log's: the longest header that is evidence, a challenge

// Enumerations appear in JSON by name; the last enumerator bounds the search.
constexpr errc last_of(errc) noexcept {
  return errc::io;
}
constexpr party last_of(party) noexcept {
  return party::proxy;
}
constexpr phase last_of(phase) noexcept {
  return phase::idle;
}
constexpr auth::absence last_of(auth::absence) noexcept {
  return auth::absence::unusable;
}
constexpr std::string_view name_of(auth::absence why) noexcept {
  constexpr std::string_view names[]{"none", "no-sources", "no-entry", "unusable"};
  return names[static_cast<std::size_t>(why)];
}

inline json::value encode(const std::string& v) {
  return json::value(json::string_view(v));
}
template <class E>
json::value encode(const keyword<E>& v) {
  return encode(std::string(v.text()));
}
inline json::value encode(bool v) {
  return v;
}
inline json::value encode(int v) {
  return v;
}
inline json::value encode(std::int64_t v) {
  return v;
}
inline json::value encode(wall_time v) {
  return encode(rfc3339(v));
}
inline json::value encode(const registry::scope_set& v) {
  return encode(to_text(v));
}
template <class E>
  requires std::is_enum_v<E>
json::value encode(E v) {
  return encode(std::string(name_of(v)));
}

inline bool decode(const json::value& from, std::string& to) {
  const auto* text = from.if_string();
  if (text == nullptr) return false;
  to = clean(*text, longest_text);
  return true;
}
template <class E>
bool decode(const json::value& from, keyword<E>& to) {
  std::string text;
  if (!decode(from, text)) return false;
  to = text;
  return true;
}
inline bool decode(const json::value& from, bool& to) {
  const auto* truth = from.if_bool();
  if (truth != nullptr) to = *truth;
  return truth != nullptr;
}
template <std::integral N>
  requires(!std::same_as<N, bool>)
bool decode(const json::value& from, N& to) {
  json::error_code ec;
  const auto number = from.to_number<N>(ec);
  if (!ec) to = number;
  return !ec;
}
inline bool decode(const json::value& from, wall_time& to) {
  const auto* text = from.if_string();
  const auto at = text == nullptr ? std::nullopt : parse_rfc3339(*text);
  if (at) to = *at;
  return at.has_value();
}
inline bool decode(const json::value& from, registry::scope_set& to) {
  std::string text;
  if (!decode(from, text)) return false;
  auto scopes = registry::parse_scopes(text);
  if (scopes) to = std::move(*scopes);
  return scopes.has_value();
}
template <class E>
  requires std::is_enum_v<E>
bool decode(const json::value& from, E& to) {
  const auto* text = from.if_string();
  if (text == nullptr) return false;
  for (auto i = 0; i <= static_cast<int>(last_of(E{})); ++i) {
    if (name_of(static_cast<E>(i)) != std::string_view(*text)) continue;
    to = static_cast<E>(i);
    return true;
  }
  return false;
}

}  // namespace regpass::diagnosis
