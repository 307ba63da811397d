// Reads the file's text into a list of keys with their positions, without interpreting them.
#pragma once

#include "config/values/validate.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace regpass::config {

struct position {
  std::size_t line = 0, column = 0;

  auto operator<=>(const position&) const = default;
};

// One table of a list: the second [[registry]] is {"registry", 1}; the third [[registry.credential]] of the whole file
// is {"registry.credential", 2}.
struct element {
  std::string_view list;
  std::size_t index = 0;
};

// One key of the file. A table without any known key appears as such, so that it can be rejected by its name.
struct given {
  std::optional<element> of;  // the [[registry]] or [[mirror]] it belongs to
  std::string name;           // "listen.proxy"; within an element without the list's name
  written what;
  position at;
};

struct file_element {
  std::string_view list;
  position at;
  std::size_t within = 0;  // for a list within another: index of the outer element
};

struct file_contents {
  std::vector<given> keys;             // in the file's order
  std::vector<file_element> elements;  // where each begins, list by list
  std::vector<problem> problems;       // not valid TOML; then the rest is empty
};

// `shown_as` names the file in problems. At most 1 MiB.
file_contents read_toml(std::string_view text, const std::string& shown_as);

// A value by itself, as it would stand behind `key = `; none: it is no TOML.
std::optional<written> read_toml_value(std::string_view text);

inline constexpr std::size_t longest_file = 1024 * 1024;

// "FILE:12:3"
std::string to_text(const std::string& shown_as, position);

// Whether "listen" and so on are tables of the file.
bool is_table(std::string_view name);
// Whether "registry" and so on are lists of tables.
bool is_list(std::string_view name);

}  // namespace regpass::config
