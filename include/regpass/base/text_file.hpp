// How regpass reads every text file: a UTF-8 byte order mark is ignored; UTF-16, UTF-32 and NUL bytes are errors.
#pragma once

#include "regpass/base/error.hpp"

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace regpass {

// "UTF-16" or "UTF-32" if the bytes are text in that encoding, with or without a byte order mark.
std::optional<std::string_view> wide_encoding_of(std::string_view bytes) noexcept;

std::string_view without_byte_order_mark(std::string_view text) noexcept;   // UTF-8's
std::string_view without_final_line_break(std::string_view text) noexcept;  // one LF or CRLF

// The text without a UTF-8 byte order mark, or errc::bad_input; its detail begins with `shown`, the name of the file.
result<std::string_view> decode_text(std::string_view bytes, std::string_view shown);

// read_file and decode_text in one.
result<std::string> read_text_file(const std::filesystem::path& path, std::size_t cap);

}  // namespace regpass
