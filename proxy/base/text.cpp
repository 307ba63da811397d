#include "regpass/base/text.hpp"

#include <boost/locale/utf.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

namespace regpass {
namespace {

using utf8 = boost::locale::utf::utf_traits<char>;
using boost::locale::utf::code_point;

bool is_bidi_or_separator(code_point c) noexcept {
  return c == 0x061C || c == 0x200E || c == 0x200F || (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

struct unit {
  std::string_view raw;
  code_point point;
};

// The next character, or the next byte where that is not valid UTF-8.
unit next_unit(std::string_view text) {
  const auto* at = text.data();
  const auto point = utf8::decode(at, text.data() + text.size());
  if (!boost::locale::utf::is_valid_codepoint(point)) return {text.substr(0, 1), point};
  return {text.substr(0, static_cast<std::size_t>(at - text.data())), point};
}

void append_visible(std::string& out, const unit& u, bool ascii) {
  const bool valid = boost::locale::utf::is_valid_codepoint(u.point);
  if (!valid || u.point < 0x20 || u.point == 0x7F) {
    fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<unsigned char>(u.raw.front()));
  } else if ((u.point >= 0x80 && u.point < 0xA0) || is_bidi_or_separator(u.point)) {
    fmt::format_to(std::back_inserter(out), "\\u{{{:04x}}}", u.point);
  } else if (ascii && u.point >= 0x80) {
    out += '?';
  } else {
    out += u.raw;
  }
}

std::string visible(std::string_view text, std::size_t cap, std::string_view cut_mark, bool ascii) {
  if (text.size() <= cap && is_printable_ascii(text)) return std::string(text);
  std::string out;
  std::size_t cut_at = 0;  // the last character boundary that leaves room for the mark
  while (!text.empty() && out.size() <= cap) {
    if (out.size() + cut_mark.size() <= cap) cut_at = out.size();
    const auto u = next_unit(text);
    append_visible(out, u, ascii);
    text.remove_prefix(u.raw.size());
  }
  if (out.size() <= cap && text.empty()) return out;
  if (out.size() + cut_mark.size() <= cap) cut_at = out.size();
  out.resize(cut_at);
  if (cut_mark.size() <= cap) out += cut_mark;
  return out;
}

constexpr std::array<std::string_view, 11> harmless{"scope",  "service", "account", "client_id", "mount",       "from",
                                                    "digest", "ns",      "n",       "last",      "artifactType"};

// "https://user:password@host/" becomes "https://***@host/".
void mask_user(std::string& url) {
  const auto scheme_end = url.find("://");
  if (scheme_end == std::string::npos) return;
  const auto user_at = scheme_end + 3;
  const auto at_sign = url.substr(0, url.find('/', user_at)).rfind('@');
  if (at_sign != std::string::npos && at_sign >= user_at) url.replace(user_at, at_sign - user_at, "***");
}

std::string masked_parameter(std::string_view parameter) {
  const auto equals = parameter.find('=');
  const auto name = parameter.substr(0, equals);
  if (parameter.empty() || std::ranges::find(harmless, name) != harmless.end()) return std::string(parameter);
  if (equals == std::string_view::npos) return "***";  // a bare word may itself be the secret
  return std::string(name) + "=***";
}

// Levenshtein's distance, transpositions counting as one (optimal string alignment).
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), above(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) above[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] == b[j - 1] ? 0u : 1u)});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before.swap(above);
    above.swap(row);
  }
  return above[b.size()];
}

char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

}  // namespace

bool is_printable_ascii(std::string_view text) noexcept {
  // Without an early exit, so that the compiler can vectorise the loop.
  bool all = true;
  for (const char c : text) all &= c >= 0x20 && c < 0x7F;
  return all;
}

std::string clean(std::string_view text, std::size_t cap) {
  return visible(text, cap, "…", false);
}

std::string ascii_line(std::string_view text, std::size_t cap) {
  return visible(text, cap, "...", true);
}

std::string masked_url(std::string_view url) {
  const auto query_at = std::min(url.find('?'), url.size());
  std::string out(url.substr(0, query_at));
  mask_user(out);
  auto query = url.substr(query_at);
  while (!query.empty()) {
    out += query.front();  // '?' or '&'
    query.remove_prefix(1);
    const auto end = std::min(query.find('&'), query.size());
    out += masked_parameter(query.substr(0, end));
    query.remove_prefix(end);
  }
  return out;
}

bool iequals(std::string_view a, std::string_view b) noexcept {
  return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (auto& c : out) c = lower(c);
  return out;
}

std::string_view trim(std::string_view text) noexcept {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

std::optional<std::string_view> nearest(std::string_view word, std::span<const std::string> candidates) {
  constexpr std::size_t longest = 256;  // the distance takes quadratic time, and the word may be a stranger's
  if (word.size() > longest) return std::nullopt;
  std::optional<std::string_view> best;
  std::size_t limit = std::max<std::size_t>(1, word.size() / 3);
  for (const auto& candidate : candidates) {
    if (candidate.size() > longest) continue;
    const auto d = distance(lower(word), lower(candidate));
    if (d > limit || (best && d == limit)) continue;
    best = candidate;
    limit = d;
  }
  return best;
}

}  // namespace regpass
