#include "registry/page_text.hpp"

#include "regpass/base/text.hpp"

#include <array>
#include <charconv>
#include <utility>

namespace regpass::registry {
namespace {

constexpr std::string_view blanks = " \t\r\n\f\v";

void append_utf8(std::string& out, unsigned code) {
  constexpr unsigned largest = 0x10ffff;
  const bool surrogate = code >= 0xd800 && code <= 0xdfff;
  if (code == 0 || code > largest || surrogate) return;
  const auto byte = [&](unsigned value) { out += static_cast<char>(value); };
  if (code < 0x80) return byte(code);
  if (code < 0x800) {
    byte(0xc0 | code >> 6);
  } else if (code < 0x10000) {
    byte(0xe0 | code >> 12);
    byte(0x80 | (code >> 6 & 0x3f));
  } else {
    byte(0xf0 | code >> 18);
    byte(0x80 | (code >> 12 & 0x3f));
    byte(0x80 | (code >> 6 & 0x3f));
  }
  byte(0x80 | (code & 0x3f));
}

// The reference that begins at text[at] == '&'; its length, or 0 when it is none.
std::size_t append_reference(std::string& out, std::string_view text, std::size_t at) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 6> names{
      {{"amp", "&"}, {"lt", "<"}, {"gt", ">"}, {"quot", "\""}, {"apos", "'"}, {"nbsp", " "}}};
  constexpr std::size_t longest = 10;
  const auto end = text.substr(at, longest).find(';');
  if (end == std::string_view::npos) return 0;
  auto name = text.substr(at + 1, end - 1);
  for (const auto& [known, meaning] : names) {
    if (name != known) continue;
    out += meaning;
    return end + 1;
  }
  if (!name.starts_with('#')) return 0;
  name.remove_prefix(1);
  const bool hexadecimal = name.starts_with('x') || name.starts_with('X');
  if (hexadecimal) name.remove_prefix(1);
  unsigned code = 0;
  const int base = hexadecimal ? 16 : 10;
  const auto [end_of_number, failed_with] = std::from_chars(name.data(), name.data() + name.size(), code, base);
  if (failed_with != std::errc() || end_of_number != name.data() + name.size()) return 0;
  append_utf8(out, code);
  return end + 1;
}

std::string decoded(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const auto size = text[at] == '&' ? append_reference(out, text, at) : 0;
    if (size == 0) out += text[at];
    at += size == 0 ? 1 : size;
  }
  return out;
}

std::string_view tag_name(std::string_view tag) {
  return tag.substr(0, tag.find_first_of(" \t\r\n\f/>", tag.starts_with('/') ? 1 : 0));
}

bool separates(std::string_view name) {
  static constexpr std::array<std::string_view, 10> inside_text{"a",    "b",    "i",    "em", "strong",
                                                                "code", "span", "font", "tt", "u"};
  if (name.starts_with('/')) name.remove_prefix(1);
  for (const auto element : inside_text) {
    if (name == element) return false;
  }
  return true;
}

// The address of an <a>, if it is absolute.
std::string link_of(std::string_view tag, std::string_view low) {
  const auto at = low.find("href=");
  if (at == std::string_view::npos || at + 6 > tag.size()) return {};
  auto value = tag.substr(at + 5);
  const char quote = value.front();
  const bool quoted = quote == '"' || quote == '\'';
  if (quoted) value.remove_prefix(1);
  value = value.substr(0, quoted ? value.find(quote) : value.find_first_of(blanks));
  const bool absolute = value.starts_with("http://") || value.starts_with("https://") || value.starts_with("mailto:");
  return absolute ? decoded(value) : std::string();
}

class collector {
 public:
  void text(std::string_view piece) {
    for (const char c : piece) {
      const bool blank = blanks.find(c) != std::string_view::npos;
      if (!blank || (!segment_.empty() && segment_.back() != ' ')) segment_ += blank ? ' ' : c;
    }
  }
  void end_segment() {
    const auto whole = std::string(trim(segment_));
    segment_.clear();
    if (whole.empty() || whole == last_) return;
    out_ += (out_.empty() ? "" : " ") + whole;
    last_ = whole;
  }
  bool contains(std::string_view words) const { return segment_.find(words) != std::string::npos; }
  std::string take() {
    end_segment();
    return std::move(out_);
  }

 private:
  std::string out_, segment_, last_;
};

// Where what follows `from` is text again: behind the end of a comment, a script or a style.
std::size_t behind(std::string_view low, std::size_t from, std::string_view end) {
  const auto at = low.find(end, from);
  return at == std::string_view::npos ? low.size() : at + end.size();
}

}  // namespace

bool is_page(std::string_view body) {
  const auto begin = lower(trim(body).substr(0, 512));
  if (begin.starts_with("<?xml")) return begin.find("<html") != std::string::npos;
  return begin.starts_with("<!doctype html") || begin.starts_with("<html") || begin.starts_with("<head") ||
         begin.starts_with("<title") || begin.starts_with("<body") || begin.starts_with("<h1");
}

std::string page_text(std::string_view page) {
  const auto low = lower(page);
  const std::string_view lowered = low;
  collector found;
  std::string link;
  for (std::size_t at = 0; at < page.size();) {
    const auto open = page.find('<', at);
    found.text(decoded(page.substr(at, open == std::string_view::npos ? open : open - at)));
    if (open == std::string_view::npos) break;
    if (lowered.substr(open).starts_with("<!--")) {
      at = behind(lowered, open, "-->");
      continue;
    }
    const auto close = page.find('>', open);
    if (close == std::string_view::npos) break;
    const auto tag = lowered.substr(open + 1, close - open - 1);
    const auto name = tag_name(tag);
    at = close + 1;
    if (name == "script" || name == "style") at = behind(lowered, at, "</" + std::string(name) + ">");
    if (name == "a") link = link_of(page.substr(open + 1, close - open - 1), tag);
    if (name == "/a" && !link.empty() && !found.contains(link)) found.text(" (" + link + ")");
    if (name == "/a") link.clear();
    if (separates(name)) found.end_segment();
  }
  return found.take();
}

}  // namespace regpass::registry
