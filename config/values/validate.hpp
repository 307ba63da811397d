// Validates a value, as written, against a key: its kind, its bounds, its grammar.
#pragma once

#include "config/keys/schema.hpp"
#include "regpass/config/load.hpp"

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace regpass::config {

// A type of TOML value that no key has, by its name for messages: "a table", "a date".
struct unsupported {
  std::string what;
};
using written = std::variant<value, unsupported>;

// The value as `key::set` takes it, or the problem and what to write instead.
std::expected<value, problem> validate(const key_facts&, const written&);

// Parses text from the environment or the command line as a value of the key's kind. Lists are written as in the file,
// in brackets, or as comma-separated elements; text in double quotes is also read as in the file. Text that does not
// parse stays text, and `validate` rejects it.
written from_text(const key_facts&, std::string_view text);

// "`debug`", "`10`", "a list"
std::string shown(const written&);

}  // namespace regpass::config
