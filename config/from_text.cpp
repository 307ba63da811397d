#include "judge.hpp"
#include "regpass/base/text.hpp"
#include "toml_reader.hpp"

#include <algorithm>
#include <charconv>

namespace regpass::config {
namespace {

std::optional<std::int64_t> number(std::string_view text) {
  std::int64_t out = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (failed != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return out;
}

std::vector<std::string> pieces(std::string_view text) {
  std::vector<std::string> out;
  while (!trim(text).empty()) {
    const auto comma = std::min(text.find(','), text.size());
    out.emplace_back(trim(text.substr(0, comma)));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return out;
}

value numbers(const std::vector<std::string>& texts) {
  std::vector<std::int64_t> out;
  for (const auto& text : texts) {
    const auto one = number(text);
    if (!one) return text;
    out.push_back(*one);
  }
  return out;
}

}  // namespace

written from_text(const key_facts& k, std::string_view text) {
  const auto bare = trim(text);
  const bool list = k.kind >= kind::path_list && bare.starts_with('[');
  const bool quoted = k.kind < kind::path_list && bare.size() > 1 && bare.starts_with('"') && bare.ends_with('"');
  if (list || quoted) return read_toml_value(bare).value_or(value(std::string(text)));
  switch (k.kind) {
    case kind::boolean:
      return text == "true" || text == "false" ? value(text == "true") : value(std::string(text));
    case kind::integer: {
      const auto one = number(text);
      return one ? value(*one) : value(std::string(text));
    }
    case kind::port_list:
      return numbers(pieces(text));
    case kind::path_list:
    case kind::pattern_list:
    case kind::url_list:
      return value(pieces(text));
    default:
      return value(std::string(text));
  }
}

}  // namespace regpass::config
