#include "diagnosis/present/terminal_text.hpp"

#include <algorithm>
#include <utility>

namespace regpass::diagnosis::terminal {
namespace {

bool starts_character(char c) noexcept {
  return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
}

// Bytes of the first `count` characters.
std::size_t prefix_bytes(std::string_view text, std::size_t count) noexcept {
  std::size_t at = 0;
  while (at < text.size()) {
    if (starts_character(text[at]) && count-- == 0) return at;
    ++at;
  }
  return at;
}

// The piece of text that fits, and what to skip behind it.
std::string_view next_line(std::string_view& text, std::size_t room) {
  const auto fits = prefix_bytes(text, room);
  if (fits == text.size()) return std::exchange(text, {});
  const auto blank = text.rfind(' ', fits);
  const auto cut = blank == std::string_view::npos || blank == 0 ? fits : blank;
  const auto line = text.substr(0, cut);
  text.remove_prefix(cut);
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  return line;
}

}  // namespace

std::size_t columns(std::string_view text) noexcept {
  return static_cast<std::size_t>(std::ranges::count_if(text, starts_character));
}

std::string paragraph(std::string_view text, std::size_t width, std::string_view first, std::string_view rest) {
  constexpr std::size_t least_room = 8;
  std::string out;
  auto indent = first;
  do {
    const auto taken = columns(indent);
    const auto line = next_line(text, std::max(least_room, width > taken ? width - taken : 0));
    out.append(indent).append(line).append("\n");
    indent = rest;
  } while (!text.empty());
  return out;
}

std::string styled(std::string_view text, style how, bool colour) {
  if (!colour) return std::string(text);
  const std::string_view code = how == style::bold    ? "1"
                                : how == style::red   ? "1;31"
                                : how == style::green ? "32"
                                                      : "2";
  return "\x1b[" + std::string(code) + "m" + std::string(text) + "\x1b[0m";
}

}  // namespace regpass::diagnosis::terminal
