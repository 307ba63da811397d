// Structs to JSON and back by the table of their fields (`fields(visitor, value)`), which a writer or a reader visits.
// Writing leaves out what is at its default; reading leaves at its default what is missing or of another type.
#pragma once

#include "diagnosis/record/json_values.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <concepts>
#include <optional>
#include <string_view>
#include <type_traits>
#include <vector>

namespace regpass::diagnosis {

inline constexpr std::size_t longest_list = 16;

template <class T>
json::value encode(const std::vector<T>& v);
template <class T>
  requires std::is_class_v<T>
json::value encode(const T& v);

template <class T>
bool decode(const json::value& from, std::vector<T>& to);
template <class T>
  requires std::is_class_v<T>
bool decode(const json::value& from, T& to);

class field_writer {
 public:
  explicit field_writer(json::object& to) : to_(to) {}

  template <class T>
  void operator()(std::string_view name, const T& v, const shown& = {}) {
    if (!(v == T{})) always(name, v);
  }
  template <class T>
  void operator()(std::string_view name, const std::vector<T>& v, const shown& = {}) {
    if (!v.empty()) always(name, v);
  }
  template <class T>
  void operator()(std::string_view name, const std::optional<T>& v, const shown& = {}) {
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
  void operator()(std::string_view name, T& v, const shown& = {}) {
    if (const auto* found = from_.if_contains(name)) decode(*found, v);
  }
  template <class T>
  void operator()(std::string_view name, std::optional<T>& v, const shown& = {}) {
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
    T item{};
    if (to.size() < longest_list && decode(element, item)) to.push_back(std::move(item));
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

}  // namespace regpass::diagnosis
