// The encodings declared in text.hpp. OpenSSL converts; deviations that it tolerates (blanks, odd padding) are refused
// here first.
#include "regpass/base/text.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <limits>

namespace regpass {
namespace {

constexpr std::size_t most = std::numeric_limits<int>::max() / 2;  // OpenSSL counts in int

bool is_alphabet(char c) noexcept {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
}

std::string reason_for(char c) {
  if (c == '-' || c == '_') return fmt::format("character '{}' is of the URL-safe alphabet", c);
  if (c == '\r' || c == '\n') return "line break";
  if (c == ' ' || c == '\t') return "blank";
  if (c == '=') return "padding in the middle";
  return fmt::format("character '{}' is not of the base64 alphabet", clean({&c, 1}));
}

std::size_t padding_of(std::string_view text) noexcept {
  const auto last = text.find_last_not_of('=');
  return text.size() - (last == std::string_view::npos ? 0 : last + 1);
}

std::optional<base64_error> judge(std::string_view text) {
  const auto padding = padding_of(text);
  const auto body = text.substr(0, text.size() - padding);
  const auto bad = std::ranges::find_if_not(body, is_alphabet);
  if (bad != body.end()) return base64_error{static_cast<std::size_t>(bad - body.begin()), reason_for(*bad)};
  if (padding > 2) return base64_error{body.size() + 2, "more padding than two '='"};
  if (text.size() % 4 != 0) {
    return base64_error{text.size(),
                        fmt::format("length {} is no multiple of 4: cut off, or padding is missing", text.size())};
  }
  if (text.size() > most) return base64_error{most, "too long"};
  return std::nullopt;
}

}  // namespace

std::string base64(std::string_view bytes) {
  std::string out((bytes.size() + 2) / 3 * 4 + 1, '\0');  // OpenSSL appends a NUL
  const auto length =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  out.resize(static_cast<std::size_t>(length));
  return out;
}

std::optional<base64_error> decode_base64(std::string_view text, std::string& out) {
  if (auto wrong = judge(text)) return wrong;
  out.resize(text.size() / 4 * 3);
  EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()), reinterpret_cast<const unsigned char*>(text.data()),
                  static_cast<int>(text.size()));
  out.resize(out.size() - padding_of(text));  // OpenSSL counts padding as zero bytes
  return std::nullopt;
}

std::optional<std::string> decode_base64url(std::string_view text) {
  if (text.find_first_of("+/=") != std::string_view::npos) return std::nullopt;
  std::string standard(text);
  std::ranges::replace(standard, '-', '+');
  std::ranges::replace(standard, '_', '/');
  if (standard.size() % 4 > 1) standard.append(4 - standard.size() % 4, '=');
  std::string out;
  if (decode_base64(standard, out)) return std::nullopt;
  return out;
}

std::string hex(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const char c : bytes) fmt::format_to(std::back_inserter(out), "{:02x}", static_cast<unsigned char>(c));
  return out;
}

}  // namespace regpass
