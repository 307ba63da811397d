// Whether a value, as written, fits a key: its kind, its bounds, its grammar.
#pragma once

#include "regpass/config/load.hpp"
#include "schema.hpp"

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace regpass::config {

// What no key takes, by its name for people: "a table", "a date".
struct unusable {
  std::string what;
};
using written = std::variant<value, unusable>;

// The value as `key::set` takes it, or what is wrong and what to write instead.
std::expected<value, problem> fitting(const key_facts&, const written&);

// Text of the environment or the command line as a value of the key's kind. Lists are written as in the file, in
// brackets, or with commas between their elements; a text in double quotes is read as in the file, too. What is no such
// value stays text, for `fitting` to refuse.
written from_text(const key_facts&, std::string_view text);

// "`debug`", "`10`", "a list"
std::string shown(const written&);

}  // namespace regpass::config
