// Structs to JSON and back by one description of their members: `fields(visitor, value)` names each once, a writer or a
// reader visits. Writing leaves out what is at its default; reading leaves at its default what is missing or of another
// type.
#pragma once

#include "regpass/auth/choice.hpp"
#include "regpass/base/error.hpp"
#include "regpass/base/text.hpp"
#include "regpass/base/time.hpp"
#include "regpass/registry/scope.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace regpass::explain {

namespace json = boost::json;

inline constexpr std::size_t longest_text = 8 * 1024;  // as the log's: the longest header that is evidence, a challenge
inline constexpr std::size_t longest_list = 16;

template <class S, class T>
concept maybe_const = std::same_as<std::remove_const_t<S>, T>;

// Enumerations stand in JSON by name; the last enumerator bounds the search.
constexpr errc last_of(errc) noexcept {
  return errc::io;
}
constexpr party last_of(party) noexcept {
  return party::between;
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
template <class T>
json::value encode(const std::vector<T>& v);
template <class T>
  requires std::is_class_v<T>
json::value encode(const T& v);

// True when `from` was of the right kind.
inline bool decode(const json::value& from, std::string& to) {
  const auto* text = from.if_string();
  if (text == nullptr) return false;
  to = clean(*text, longest_text);
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
template <class T>
bool decode(const json::value& from, std::vector<T>& to);
template <class T>
  requires std::is_class_v<T>
bool decode(const json::value& from, T& to);

class field_writer {
 public:
  explicit field_writer(json::object& to) : to_(to) {}

  template <class T>
  void operator()(std::string_view name, const T& v) {
    if (!(v == T{})) always(name, v);
  }
  template <class T>
  void operator()(std::string_view name, const std::vector<T>& v) {
    if (!v.empty()) always(name, v);
  }
  template <class T>
  void operator()(std::string_view name, const std::optional<T>& v) {
    if (v) always(name, *v);
  }
  template <class T>
  void always(std::string_view name, const T& v) {
    to_[name] = encode(v);
  }
  // Members of the same struct that stand in an object of their own.
  template <class Members>
  void group(std::string_view name, Members&& members) {
    json::object inner;
    field_writer writer(inner);
    members(writer);
    if (!inner.empty()) to_[name] = std::move(inner);
  }

 private:
  json::object& to_;
};

class field_reader {
 public:
  explicit field_reader(const json::object& from) : from_(from) {}

  template <class T>
  void operator()(std::string_view name, T& v) {
    if (const auto* found = from_.if_contains(name)) decode(*found, v);
  }
  template <class T>
  void operator()(std::string_view name, std::optional<T>& v) {
    const auto* found = from_.if_contains(name);
    T read{};
    if (found != nullptr && decode(*found, read)) v = std::move(read);
  }
  template <class T>
  void always(std::string_view name, T& v) {
    (*this)(name, v);
  }
  template <class Members>
  void group(std::string_view name, Members&& members) {
    const auto* found = from_.if_contains(name);
    const auto* inner = found == nullptr ? nullptr : found->if_object();
    if (inner == nullptr) return;
    field_reader reader(*inner);
    members(reader);
  }

 private:
  const json::object& from_;
};

template <class T>
json::value encode(const std::vector<T>& v) {
  json::array list;
  for (const auto& element : v) list.push_back(encode(element));
  return list;
}
template <class T>
  requires std::is_class_v<T>
json::value encode(const T& v) {
  json::object object;
  field_writer writer(object);
  fields(writer, v);
  return object;
}

template <class T>
bool decode(const json::value& from, std::vector<T>& to) {
  const auto* list = from.if_array();
  if (list == nullptr) return false;
  for (const auto& element : *list) {
    T one{};
    if (to.size() < longest_list && decode(element, one)) to.push_back(std::move(one));
  }
  return true;
}
template <class T>
  requires std::is_class_v<T>
bool decode(const json::value& from, T& to) {
  const auto* object = from.if_object();
  if (object == nullptr) return false;
  field_reader reader(*object);
  fields(reader, to);
  return true;
}

}  // namespace regpass::explain
