// Converts values to fields of the options structs and back. `row` and `choice` make the rows of the key tables.
#pragma once

#include "config/keys/schema.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace regpass::config {

// These take values that `validate` accepted; others would throw std::bad_variant_access.
void assign(bool& field, const value&);
void assign(std::size_t& field, const value&);
void assign(std::uint32_t& field, const value&);
void assign(std::chrono::milliseconds& field, const value&);
void assign(std::string& field, const value&);
void assign(std::filesystem::path& field, const value&);
void assign(std::vector<std::filesystem::path>& field, const value&);
void assign(std::vector<std::string>& field, const value&);
void assign(std::vector<std::uint16_t>& field, const value&);
void assign(registry::host& field, const value&);
void assign(secret& field, const value&);

value as_value(bool field);
value as_value(std::size_t field);
value as_value(std::uint32_t field);
value as_value(std::chrono::milliseconds field);
value as_value(const std::string& field);
value as_value(const std::filesystem::path& field);
value as_value(const std::vector<std::filesystem::path>& field);
value as_value(const std::vector<std::string>& field);
value as_value(const std::vector<std::uint16_t>& field);
value as_value(const registry::host& field);
value as_value(const secret& field);  // masked

// `field` is a generic lambda from an owner, const or not, to the member.
template <class Owner, class Field>
key<Owner> row(key_facts facts, Field field) {
  return {std::move(facts), [field](Owner& owner, const value& v) { assign(field(owner), v); },
          [field](const Owner& owner) { return as_value(field(owner)); }};
}

template <class Owner, class Enum, std::size_t n, class Field>
key<Owner> choice(std::string_view name, std::string_view text, std::array<std::pair<std::string_view, Enum>, n> names,
                  Field field) {
  key_facts facts{name, kind::choice, text};
  for (const auto& entry : names) facts.choices.push_back(entry.first);
  const auto set = [=](Owner& owner, const value& v) {
    for (const auto& [word, meaning] : names)
      if (word == std::get<std::string>(v)) field(owner) = meaning;
  };
  const auto get = [=](const Owner& owner) -> value {
    for (const auto& [word, meaning] : names)
      if (meaning == field(owner)) return std::string(word);
    return std::string();
  };
  return {std::move(facts), set, get};
}

}  // namespace regpass::config
