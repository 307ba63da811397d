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
constexpr std::array<std::pair<std::string_view, level>, 4> levels{
    {{"error", level::error}, {"warn", level::warn}, {"info", level::info}, {"debug", level::debug}}};
constexpr std::array<std::string_view, 4> own_fields{"time", "level", "event", "msg"};

void clean_values(json::object& object, int depth);

// In place: hardly ever is there anything to be changed.
void clean_value(json::value& v, int depth) {
  if (depth > deepest) {
    v = "…";
  } else if (auto* const text = v.if_string()) {
    if (!is_printable_ascii(*text) || text->size() > longest_text) *text = clean(*text, longest_text);
  } else if (auto* const object = v.if_object()) {
    clean_values(*object, depth);
  } else if (auto* const array = v.if_array()) {
    for (auto& element : *array) clean_value(element, depth + 1);
  }
}

void clean_values(json::object& object, int depth) {
  bool keys_are_clean = true;
  for (auto& member : object) {
    clean_value(member.value(), depth + 1);
    keys_are_clean = keys_are_clean && is_printable_ascii(member.key());
  }
  if (keys_are_clean) return;
  json::object renamed(object.storage());
  for (auto& member : object) renamed.insert_or_assign(clean(member.key()), std::move(member.value()));
  object = std::move(renamed);
}

// Values that a reader could not tell apart from what follows are quoted.
std::string shown(const json::value& v) {
  const auto* text = v.if_string();
  if (text == nullptr || text->empty()) return json::serialize(v);
  const bool plain = text->find_first_of(" \"=") == json::string::npos;
  return plain ? std::string(*text) : json::serialize(v);
}

std::string text_line(level l, std::string_view event, std::string_view msg, const json::object& more,
                      std::string_view time) {
  const auto clock = time.size() == 24 ? time.substr(11, 12) : time;  // of RFC 3339: "17:55:03.120"
  auto out = fmt::format("{} {:<5}  {}  {}", clock, name_of(l), event, msg);
  for (const auto& [key, value] : more) out += fmt::format("  {}={}", std::string_view(key), shown(value));
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

std::string line(format style, level l, std::string_view event, std::string_view msg, json::object more,
                 std::string_view time) {
  const auto clean_msg = clean(msg, longest_text);
  clean_values(more, 0);
  for (const auto name : own_fields) more.erase(name);
  if (style == format::text) return text_line(l, event, clean_msg, more, time);
  // Two objects are written as one.
  auto out = json::serialize(json::object{{"time", time}, {"level", name_of(l)}, {"event", event}, {"msg", clean_msg}});
  if (more.empty()) return out;
  out.back() = ',';
  out.append(json::serialize(more), 1);
  return out;
}

}  // namespace regpass::log
