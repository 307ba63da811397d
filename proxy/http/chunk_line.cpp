#include "http/chunk_line.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace regpass::http {
namespace {

constexpr std::size_t longest = 4096;
constexpr std::size_t shortest_end = 5;  // "0\r\n\r\n"; Beast asserts that it never gets less of a last chunk

bool is_control(char c) noexcept {
  return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7F;
}

bool is_hex(char c) noexcept {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

}  // namespace

chunk_line::chunk_line(std::string_view bytes, bool behind_chunk)
    : start_(std::min<std::size_t>(behind_chunk ? 2 : 0, bytes.size())), available_(bytes.size() - start_) {
  const auto from_line = bytes.substr(start_);
  const auto end = from_line.find("\r\n");
  complete_ = end != std::string_view::npos;
  line_ = from_line.substr(0, end);
  if (!complete_ && line_.ends_with('\r')) line_.remove_suffix(1);
}

// A bare CR or LF in an extension ends the line for some parsers; so may a quoted string that Beast reads on behind the
// line.
result<bool> chunk_line::judge() const {
  if (line_.size() > longest) return fail(errc::too_large, fmt::format("chunk line longer than {} bytes", longest));
  if (std::ranges::any_of(line_, is_control)) return fail(errc::bad_message, "control byte in a chunk's line");
  if (!complete_) return false;
  if (!begins_with_size()) return fail(errc::bad_message, "a chunk's line that does not begin with its size");
  if (!closes_quotes()) return fail(errc::bad_message, "chunk extension with an open quote");
  return !is_last() || available_ >= shortest_end;
}

// Otherwise "0x5" is the last chunk for some parsers and has five bytes for others; Beast would report it only at the
// end of the message.
bool chunk_line::begins_with_size() const noexcept {
  const auto digits = std::ranges::find_if_not(line_, is_hex);
  if (digits == line_.begin()) return false;
  const auto behind = std::find_if(digits, line_.end(), [](char c) { return c != ' ' && c != '\t'; });
  return digits == line_.end() || (behind != line_.end() && *behind == ';');
}

bool chunk_line::is_last() const noexcept {
  const auto end = line_.find_first_not_of('0');
  return line_.starts_with('0') && (end == std::string_view::npos || !is_hex(line_[end]));
}

bool chunk_line::closes_quotes() const noexcept {
  bool quoted = false;
  for (std::size_t i = 0; i < line_.size(); ++i) {
    if (line_[i] == '"') quoted = !quoted;
    if (quoted && line_[i] == '\\') ++i;
  }
  return !quoted;
}

}  // namespace regpass::http
