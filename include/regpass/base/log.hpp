// The log: one JSON object per line on stdout (or in a file), with a stable event name. Never blocks the data path;
// lines that cannot be written are dropped and counted.
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
// Writes the queued lines, but waits at most a second for a sink that blocks.
void stop();

void set_threshold(level) noexcept;
level threshold() noexcept;
bool enabled(level) noexcept;

// `event` is a name in docs/log.md, `msg` a sentence for people; `more` follows in the order given. Strings in
// `more` and `msg` are escaped, bidirectional characters and invalid UTF-8 included. Nothing that is secret has a type
// that fits in here.
void write(level, std::string_view event, std::string_view msg, const boost::json::object& more = {});
void write(level, std::string_view event, std::string_view msg, const members& more);

// A line as `write` formats it, without the newline. Pure.
std::string line(format, level, std::string_view event, std::string_view msg, const boost::json::object& more,
                 std::string_view time);
// The same, replacing the contents of `out`.
void put_line(std::string& out, format, level, std::string_view event, std::string_view msg, const members& more,
              std::string_view time);

// The number of events dropped because the sink could not accept them.
std::uint64_t dropped() noexcept;

}  // namespace regpass::log
