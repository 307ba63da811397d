// The look of a log line: log.hpp's `line` and the names of levels.
#include "regpass/base/log.hpp"
#include "regpass/base/text.hpp"

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace regpass::log {
namespace {

namespace json = boost::json;

constexpr std::size_t longest_text = 8192;  // as long as the longest header that is evidence (a challenge)
constexpr int deepest = 32;
constexpr std::size_t usual_line = 1000;  // the most that glibc hands out without a search is a little more
constexpr std::array<std::pair<std::string_view, level>, 4> levels{
    {{"error", level::error}, {"warn", level::warn}, {"info", level::info}, {"debug", level::debug}}};
constexpr std::array<std::string_view, 4> own_fields{"time", "level", "event", "msg"};

void append_value(std::string& out, const json::value& v, int depth);

// What JSON and `clean` both leave as it is. Without a way out, so that the compiler takes many bytes at a time.
bool is_plain(std::string_view text) noexcept {
  bool all = text.size() <= longest_text;
  for (const char c : text) all &= c >= 0x20 && c < 0x7F && c != '"' && c != '\\';
  return all;
}

// Hardly ever is there anything to be changed.
void append_text(std::string& out, std::string_view text) {
  if (is_plain(text)) {
    out.push_back('"');
    out.append(text);
    out.push_back('"');
  } else {
    out.append(json::serialize(json::string(clean(text, longest_text))));
  }
}

void append_member(std::string& out, std::string_view key, const json::value& v, int depth) {
  append_text(out, key);
  out.append(":");
  append_value(out, v, depth);
}

void append_object(std::string& out, const json::object& object, int depth) {
  out.append("{");
  for (const auto& [key, value] : object) {
    if (out.back() != '{') out.append(",");
    append_member(out, key, value, depth);
  }
  out.append("}");
}

void append_array(std::string& out, const json::array& array, int depth) {
  out.append("[");
  for (const auto& element : array) {
    if (out.back() != '[') out.append(",");
    append_value(out, element, depth);
  }
  out.append("]");
}

// As Boost.JSON writes it, but cleaned on the way.
void append_value(std::string& out, const json::value& v, int depth) {
  if (depth > deepest) {
    append_text(out, "…");
  } else if (const auto* const text = v.if_string()) {
    append_text(out, *text);
  } else if (const auto* const object = v.if_object()) {
    append_object(out, *object, depth + 1);
  } else if (const auto* const array = v.if_array()) {
    append_array(out, *array, depth + 1);
  } else if (const auto* const number = v.if_int64()) {
    out.append(std::to_string(*number));
  } else {
    out.append(json::serialize(v));
  }
}

std::string to_text(const json::value& v) {
  std::string out;
  append_value(out, v, 0);
  return out;
}

bool is_own(std::string_view key) {
  return std::ranges::find(own_fields, key) != own_fields.end();
}

// Values that a reader could not tell apart from what follows are quoted.
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
  std::string out;
  out.reserve(usual_line);
  out.append("{\"time\":\"").append(time).append("\",\"level\":\"").append(name_of(l)).append("\",\"event\":");
  append_text(out, event);
  out.append(",\"msg\":");
  append_text(out, msg);
  for (const auto& [key, value] : more) {
    if (is_own(key)) continue;
    out.append(",");
    append_member(out, key, value, 1);
  }
  out.append("}");
  return out;
}

}  // namespace regpass::log
