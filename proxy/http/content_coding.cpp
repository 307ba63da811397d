#include "regpass/http/content_coding.hpp"

#include "regpass/base/text.hpp"

#include <boost/beast/zlib/inflate_stream.hpp>
#include <boost/crc.hpp>

#include <algorithm>
#include <cstdint>

namespace regpass::http {
namespace {

namespace zlib = boost::beast::zlib;

std::uint8_t byte_at(std::string_view text, std::size_t at) {
  return static_cast<std::uint8_t>(text[at]);
}

std::uint32_t little_endian(std::string_view four) {
  std::uint32_t value = 0;
  for (std::size_t i = 4; i-- > 0;) value = value << 8 | byte_at(four, i);
  return value;
}

// Drops a zero-terminated string; false when it does not end.
bool drop_string(std::string_view& text) {
  const auto end = text.find('\0');
  if (end == std::string_view::npos) return false;
  text.remove_prefix(end + 1);
  return true;
}

// RFC 1952 section 2.3.
bool drop_gzip_header(std::string_view& text) {
  constexpr std::size_t fixed_size = 10;
  constexpr int header_checksum = 2, extra = 4, name = 8, comment = 16;
  if (text.size() < fixed_size || !text.starts_with("\x1f\x8b\x08")) return false;
  const int flags = byte_at(text, 3);
  text.remove_prefix(fixed_size);
  if ((flags & extra) != 0) {
    if (text.size() < 2) return false;
    const std::size_t size = 2U + byte_at(text, 0) + 256U * byte_at(text, 1);
    if (text.size() < size) return false;
    text.remove_prefix(size);
  }
  if ((flags & name) != 0 && !drop_string(text)) return false;
  if ((flags & comment) != 0 && !drop_string(text)) return false;
  if ((flags & header_checksum) == 0) return true;
  if (text.size() < 2) return false;
  text.remove_prefix(2);
  return true;
}

// RFC 1951. What follows the compressed data stays in `text`.
std::optional<std::string> inflate(std::string_view& text, std::size_t cap) {
  constexpr int largest_window = 15;
  std::string out(cap + 1, '\0');
  zlib::inflate_stream stream;
  stream.reset(largest_window);
  zlib::z_params state;
  state.next_in = text.data();
  state.avail_in = text.size();
  state.next_out = out.data();
  state.avail_out = out.size();
  boost::beast::error_code problem;
  stream.write(state, zlib::Flush::sync, problem);
  if (problem != zlib::error::end_of_stream || state.total_out > cap) return std::nullopt;
  text.remove_prefix(text.size() - state.avail_in);
  out.resize(state.total_out);
  return out;
}

std::optional<std::string> gunzip(std::string_view body, std::size_t cap) {
  constexpr std::size_t trailer_size = 8;
  if (!drop_gzip_header(body)) return std::nullopt;
  auto out = inflate(body, cap);
  if (!out || body.size() != trailer_size) return std::nullopt;
  boost::crc_32_type checksum;
  checksum.process_bytes(out->data(), out->size());
  const bool whole = checksum.checksum() == little_endian(body.substr(0, 4)) &&
                     static_cast<std::uint32_t>(out->size()) == little_endian(body.substr(4, 4));
  return whole ? std::move(out) : std::nullopt;
}

// RFC 1950. Some servers omit its header and send the compressed data alone.
std::optional<std::string> undo_deflate(std::string_view body, std::size_t cap) {
  constexpr int method_deflate = 8, preset_dictionary = 0x20;
  if (body.size() < 2) return std::nullopt;
  const unsigned first = byte_at(body, 0), second = byte_at(body, 1);
  const bool has_header = (first & 0x0f) == method_deflate && (first * 256 + second) % 31 == 0;
  if (has_header && (second & preset_dictionary) != 0) return std::nullopt;
  if (has_header) body.remove_prefix(2);
  return inflate(body, cap);
}

}  // namespace

std::optional<std::string> decode_content(const fields& head, std::string_view body, std::size_t cap) {
  auto codings = head.tokens("Content-Encoding");
  std::erase_if(codings, [](std::string_view coding) { return iequals(coding, "identity"); });
  if (codings.empty()) return body.size() <= cap ? std::optional(std::string(body)) : std::nullopt;
  if (codings.size() > 1) return std::nullopt;
  if (iequals(codings[0], "gzip") || iequals(codings[0], "x-gzip")) return gunzip(body, cap);
  if (iequals(codings[0], "deflate")) return undo_deflate(body, cap);
  return std::nullopt;
}

}  // namespace regpass::http
