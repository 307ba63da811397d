// The log: one JSON object a line on stdout (or a file), with a stable event name. Never blocks the data path; counts
// what it drops.
#pragma once

#include "regpass/base/error.hpp"

#include <boost/json/object.hpp>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace regpass::log {

enum class level : std::uint8_t { error, warn, info, debug };
enum class format : std::uint8_t { json, text };

class members;  // log_members.hpp

std::string_view name_of(level) noexcept;
std::optional<level> parse_level(std::string_view) noexcept;

struct options {
  level threshold = level::info;
  format style = format::json;
  std::filesystem::path file;  // empty: stdout
};

// Starts the writer thread. Until then, and after `stop`, events are dropped silently (unit tests log nothing).
result<void> start(const options&);
// Writes what is queued, but does not wait longer than a second for a sink that blocks.
void stop();

void set_threshold(level) noexcept;
level threshold() noexcept;
bool enabled(level) noexcept;

// `event` is a name in docs/log.md, `msg` a sentence for people; `more` follows in the order given. Strings in
// `more` and `msg` are escaped, bidirectional characters and invalid UTF-8 included. Nothing that is secret has a type
// that fits in here.
void write(level, std::string_view event, std::string_view msg, const boost::json::object& more = {});
void write(level, std::string_view event, std::string_view msg, const members& more);

// One line as `write` makes it, without the newline (pure; for tests and for `format`).
std::string line(format, level, std::string_view event, std::string_view msg, const boost::json::object& more,
                 std::string_view time);
// The same in place of what is in `out`.
void put_line(std::string& out, format, level, std::string_view event, std::string_view msg, const members& more,
              std::string_view time);

// Events dropped because the sink could not take them.
std::uint64_t dropped() noexcept;

}  // namespace regpass::log
