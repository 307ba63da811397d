#include "regpass/base/text_file.hpp"

#include "regpass/base/file.hpp"
#include "regpass/base/secret.hpp"
#include "regpass/base/text.hpp"

#include <algorithm>

namespace regpass {

namespace {

using namespace std::string_view_literals;

constexpr std::string_view utf8_mark = "\xEF\xBB\xBF";

// In UTF-16 every second byte of ASCII text is NUL; in UTF-32 three bytes of four are.
bool has_nul_pattern(std::string_view bytes, std::size_t width, std::size_t letter) noexcept {
  if (bytes.size() < 2 * width) return false;
  for (std::size_t i = 0; i < 2 * width; ++i) {
    if ((bytes[i] == '\0') == (i % width == letter)) return false;
  }
  return true;
}

}  // namespace

std::optional<std::string_view> wide_encoding_of(std::string_view bytes) noexcept {
  if (bytes.starts_with("\xFF\xFE\0\0"sv) || bytes.starts_with("\0\0\xFE\xFF"sv)) return "UTF-32";
  if (bytes.starts_with("\xFF\xFE"sv) || bytes.starts_with("\xFE\xFF"sv)) return "UTF-16";
  if (has_nul_pattern(bytes, 4, 0) || has_nul_pattern(bytes, 4, 3)) return "UTF-32";
  if (has_nul_pattern(bytes, 2, 0) || has_nul_pattern(bytes, 2, 1)) return "UTF-16";
  return std::nullopt;
}

std::string_view without_byte_order_mark(std::string_view text) noexcept {
  if (text.starts_with(utf8_mark)) text.remove_prefix(utf8_mark.size());
  return text;
}

std::string_view without_final_line_break(std::string_view text) noexcept {
  if (!text.ends_with('\n')) return text;
  text.remove_suffix(1);
  if (text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

result<std::string_view> decode_text(std::string_view bytes, std::string_view shown) {
  if (const auto wide = wide_encoding_of(bytes)) {
    return fail(errc::bad_input, std::string(shown) + ": the file is " + std::string(*wide) + "; save it as UTF-8");
  }
  const auto text = without_byte_order_mark(bytes);
  if (const auto nul = text.find('\0'); nul != std::string_view::npos) {
    const auto line = std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(nul), '\n') + 1;
    return fail(errc::bad_input, std::string(shown) + ":" + std::to_string(line) + ": byte " + std::to_string(nul) +
                                     " is NUL, which has no place in a text file");
  }
  return text;
}

result<std::string> read_text_file(const std::filesystem::path& path, std::size_t cap) {
  auto bytes = read_file(path, cap);
  if (!bytes) return bytes;
  const auto text = decode_text(*bytes, clean(path.string()));
  result<std::string> decoded;
  if (text) {
    decoded = std::string(*text);
  } else {
    decoded = std::unexpected(text.error());
  }
  wipe(*bytes);  // it may contain a password
  return decoded;
}

}  // namespace regpass
