#include "base/escapes.hpp"

#include <boost/locale/utf.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>
#include <numeric>
#include <utility>

namespace regpass {
namespace {

struct escape {
  std::size_t length = 0;  // 0: none here
  std::string means;
};

std::string utf8(unsigned long point) {
  std::string out;
  const auto code = static_cast<boost::locale::utf::code_point>(point);
  if (boost::locale::utf::is_valid_codepoint(code)) {
    boost::locale::utf::utf_traits<char>::encode(code, std::back_inserter(out));
  }
  return out;
}

// The number that all of `digits` spells.
bool read_number(std::string_view digits, int base, unsigned long& into) {
  const auto* end = digits.data() + digits.size();
  const auto got = std::from_chars(digits.data(), end, into, base);
  return !digits.empty() && got.ec == std::errc() && got.ptr == end;
}

escape percent_escape(std::string_view text) {
  unsigned long byte = 0;
  if (text.size() < 3 || !read_number(text.substr(1, 2), 16, byte)) return {};
  return {3, std::string(1, static_cast<char>(byte))};
}

escape backslash_escape(std::string_view text) {
  static constexpr std::string_view letters = "nrtbf0", meanings{"\n\r\t\b\f\0", 6};
  if (text.size() < 2) return {};
  const char kind = text[1];
  unsigned long number = 0;
  if (kind == 'x' && text.size() >= 4 && read_number(text.substr(2, 2), 16, number)) {
    return {4, std::string(1, static_cast<char>(number))};
  }
  if (kind == 'u' && text.size() >= 3 && text[2] == '{') {
    const auto end = text.substr(0, 12).find('}');
    if (end == std::string_view::npos || !read_number(text.substr(3, end - 3), 16, number)) return {};
    return {end + 1, utf8(number)};
  }
  if (kind == 'u' && text.size() >= 6 && read_number(text.substr(2, 4), 16, number)) return {6, utf8(number)};
  if (const auto at = letters.find(kind); at != std::string_view::npos) return {2, std::string(1, meanings[at])};
  if (kind == '"' || kind == '\\' || kind == '/' || kind == '\'') return {2, std::string(1, kind)};
  return {};
}

escape entity(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, char>, 5> names{
      {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}}};
  for (const auto& [name, means] : names) {
    if (text.starts_with(name)) return {name.size(), std::string(1, means)};
  }
  const auto end = text.substr(0, 10).find(';');
  if (!text.starts_with("&#") || end == std::string_view::npos) return {};
  const bool hexadecimal = text.size() > 2 && (text[2] == 'x' || text[2] == 'X');
  const std::size_t begin = hexadecimal ? 3 : 2;
  unsigned long number = 0;
  if (begin >= end || !read_number(text.substr(begin, end - begin), hexadecimal ? 16 : 10, number)) return {};
  return {end + 1, utf8(number)};
}

escape escape_at(std::string_view text) {
  switch (text.front()) {
    case '%':
      return percent_escape(text);
    case '\\':
      return backslash_escape(text);
    case '&':
      return entity(text);
    default:
      return {};
  }
}

}  // namespace

unescaped_text::unescaped_text(std::string_view original) : text(original), at(original.size() + 1) {
  std::iota(at.begin(), at.end(), std::size_t{0});
}

bool unescaped_text::unescape() {
  if (text.find_first_of("%\\&") == std::string::npos) return false;
  std::string plain;
  std::vector<std::size_t> from;
  plain.reserve(text.size());
  from.reserve(at.size());
  for (std::size_t i = 0; i < text.size();) {
    auto found = escape_at(std::string_view(text).substr(i));
    if (found.length == 0) found = {1, std::string(1, text[i])};
    plain += found.means;
    from.insert(from.end(), found.means.size(), at[i]);
    i += found.length;
  }
  from.push_back(at.back());
  const bool changed = plain != text;
  text = std::move(plain);
  at = std::move(from);
  return changed;
}

}  // namespace regpass
