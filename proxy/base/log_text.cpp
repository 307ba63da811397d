#include "base/log_text.hpp"

#include "regpass/base/text.hpp"

#include <boost/json/serialize.hpp>

#include <cstdint>
#include <cstring>

namespace regpass::log {
namespace {

namespace json = boost::json;

constexpr int deepest = 32;

// Eight bytes at a time, as most texts of a line are too short for anything longer.
using word = std::uint64_t;

constexpr word each(unsigned char byte) noexcept {
  return byte * word{0x0101010101010101};
}

// Its lowest marked byte is a byte of 0; those above may be marked by mistake.
constexpr word zeros(word bytes) noexcept {
  return (bytes - each(1)) & ~bytes & each(0x80);
}

// Whether JSON or `clean` would change one: control bytes, what is not ASCII, '"' and '\'.
constexpr bool has_special(word bytes) noexcept {
  const word low = (bytes - each(0x20)) & ~bytes & each(0x80);
  return (low | (bytes & each(0x80)) | zeros(bytes ^ each('"')) | zeros(bytes ^ each('\\')) |
          zeros(bytes ^ each(0x7F))) != 0;
}

template <class Word>
word load(std::string_view text, std::size_t at) noexcept {
  Word bytes;
  std::memcpy(&bytes, text.data() + at, sizeof bytes);
  return bytes;
}

// Fewer than eight, and something plain for the rest.
word load_few(std::string_view text) noexcept {
  constexpr std::size_t half = sizeof(std::uint32_t);
  if (text.size() >= half) {
    return load<std::uint32_t>(text, 0) | load<std::uint32_t>(text, text.size() - half) << 32;
  }
  word bytes = each('a');
  for (const char c : text) bytes = bytes << 8 | static_cast<unsigned char>(c);
  return bytes;
}

bool is_plain(std::string_view text) noexcept {
  constexpr std::size_t step = sizeof(word);
  if (text.size() > longest_text) return false;
  if (text.size() < step) return !has_special(load_few(text));
  for (std::size_t at = 0; at + step < text.size(); at += step) {
    if (has_special(load<word>(text, at))) return false;
  }
  return !has_special(load<word>(text, text.size() - step));
}

void append_object(std::string& out, const json::object& object, int depth) {
  out.append("{");
  for (const auto& [key, value] : object) {
    if (out.back() != '{') out.append(",");
    append_text(out, key);
    out.append(":");
    append_value(out, value, depth);
  }
  out.append("}");
}

void append_array(std::string& out, const json::array& array, int depth) {
  out.append("[");
  for (const auto& element : array) {
    if (out.back() != '[') out.append(",");
    append_value(out, element, depth);
  }
  out.append("]");
}

}  // namespace

// There is hardly ever anything to change.
void append_text(std::string& out, std::string_view text) {
  if (is_plain(text)) {
    out.push_back('"');
    out.append(text);
    out.push_back('"');
  } else {
    out.append(json::serialize(json::string(clean(text, longest_text))));
  }
}

void append_value(std::string& out, const json::value& v, int depth) {
  if (depth > deepest) {
    append_text(out, "…");
  } else if (const auto* const text = v.if_string()) {
    append_text(out, *text);
  } else if (const auto* const object = v.if_object()) {
    append_object(out, *object, depth + 1);
  } else if (const auto* const array = v.if_array()) {
    append_array(out, *array, depth + 1);
  } else {
    out.append(json::serialize(v));
  }
}

}  // namespace regpass::log
