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

json::value cleaned(const json::value& v, int depth);

json::object cleaned(const json::object& from, int depth) {
  json::object to(from.size());
  for (const auto& [key, value] : from) to.insert_or_assign(clean(key), cleaned(value, depth + 1));
  return to;
}

json::value cleaned(const json::value& v, int depth) {
  if (depth > deepest) return "…";
  if (const auto* text = v.if_string()) return json::value(clean(*text, longest_text));
  if (const auto* object = v.if_object()) return cleaned(*object, depth);
  if (const auto* array = v.if_array()) {
    json::array to;
    for (const auto& element : *array) to.push_back(cleaned(element, depth + 1));
    return to;
  }
  return v;
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

std::string line(format style, level l, std::string_view event, std::string_view msg, const json::object& more,
                 std::string_view time) {
  const auto clean_msg = clean(msg, longest_text);
  auto clean_more = cleaned(more, 0);
  for (const auto name : own_fields) clean_more.erase(name);
  if (style == format::text) return text_line(l, event, clean_msg, clean_more, time);
  json::object out{{"time", time}, {"level", name_of(l)}, {"event", event}, {"msg", clean_msg}};
  for (auto& [key, value] : clean_more) out.emplace(key, std::move(value));
  return json::serialize(out);
}

}  // namespace regpass::log
