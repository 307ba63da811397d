// Wrapped paragraphs and styles for terminals.
#pragma once

#include <string>
#include <string_view>

namespace regpass::diagnosis::terminal {

// The number of columns of a text, counting each character as one.
std::size_t columns(std::string_view text) noexcept;

// `text` broken at blanks into lines of at most `width` columns, the first behind `first`, the others behind `rest`;
// words that are too long are cut. Each line ends in a line feed.
std::string paragraph(std::string_view text, std::size_t width, std::string_view first, std::string_view rest);

enum class style { bold, red, green, dim };
std::string styled(std::string_view text, style, bool colour);

}  // namespace regpass::diagnosis::terminal
