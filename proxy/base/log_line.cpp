// The format of log lines: log.hpp's `line` and the names of levels.
#include "base/log_members.hpp"
#include "base/log_text.hpp"
#include "regpass/base/log.hpp"
#include "regpass/base/text.hpp"

#include <boost/json/value.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace regpass::log {
namespace {

namespace json = boost::json;

constexpr std::size_t usual_line = 1000;  // the most that glibc hands out without a search is a little more
constexpr std::array<std::pair<std::string_view, level>, 4> levels{
    {{"error", level::error}, {"warn", level::warn}, {"info", level::info}, {"debug", level::debug}}};
constexpr std::array<std::string_view, 4> own_fields{"time", "level", "event", "msg"};

std::string to_text(const json::value& v) {
  std::string out;
  append_value(out, v);
  return out;
}

bool is_own(std::string_view key) {
  return std::ranges::find(own_fields, key) != own_fields.end();
}

// Quotes values that would be ambiguous otherwise.
std::string shown(const json::value& v) {
  const auto* const text = v.if_string();
  if (text == nullptr || text->empty() || text->find_first_of(" \"=") != json::string::npos) return to_text(v);
  return clean(*text, longest_text);
}

std::string text_line(level l, std::string_view event, std::string_view msg, const json::object& more,
                      std::string_view time) {
  const auto clock = time.size() == 24 ? time.substr(11, 12) : time;  // of RFC 3339: "17:55:03.120"
  auto out = fmt::format("{} {:<5}  {}  {}", clock, name_of(l), event, clean(msg, longest_text));
  for (const auto& [key, value] : more) {
    if (!is_own(key)) out += fmt::format("  {}={}", clean(key), shown(value));
  }
  return out;
}

}  // namespace

std::string_view name_of(level l) noexcept {
  const auto known = std::ranges::find(levels, l, &decltype(levels)::value_type::second);
  return known == levels.end() ? "unknown" : known->first;
}

std::optional<level> parse_level(std::string_view text) noexcept {
  const auto known = std::ranges::find(levels, text, &decltype(levels)::value_type::first);
  if (known == levels.end()) return std::nullopt;
  return known->second;
}

std::string line(format style, level l, std::string_view event, std::string_view msg, const json::object& more,
                 std::string_view time) {
  if (style == format::text) return text_line(l, event, msg, more, time);
  members others;
  for (const auto& [key, value] : more) {
    if (!is_own(key)) others.add_value(key, value);
  }
  std::string out;
  put_line(out, style, l, event, msg, others, time);
  return out;
}

void put_line(std::string& out, format style, level l, std::string_view event, std::string_view msg,
              const members& more, std::string_view time) {
  if (style == format::text) {
    out = text_line(l, event, msg, more.object(), time);
    return;
  }
  out.clear();
  out.reserve(usual_line);
  out.append("{\"time\":\"").append(time).append("\",\"level\":\"").append(name_of(l)).append("\",\"event\":");
  append_text(out, event);
  out.append(",\"msg\":");
  append_text(out, msg);
  if (!more.text().empty()) out.append(",").append(more.text());
  out.append("}");
}

}  // namespace regpass::log
