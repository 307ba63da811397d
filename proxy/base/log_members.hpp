// Members of a log line, serialised directly to JSON text, for lines written for every request: a tree of values would
// cost several times as much.
#pragma once

#include <boost/json/object.hpp>

#include <array>
#include <charconv>
#include <concepts>
#include <string>
#include <string_view>

namespace regpass::log {

// Every key must be used only once per object. Keys are cleaned like values.
class members {
 public:
  void add(std::string_view key, std::string_view value);
  void add_value(std::string_view key, const boost::json::value& value);
  template <std::integral N>
  void add(std::string_view key, N number) {
    begin(key);
    if constexpr (std::same_as<N, bool>) {
      text_ += number ? "true" : "false";
    } else {
      std::array<char, 24> digits;  // NOLINT(*-member-init): written before it is read
      const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
      text_.append(digits.data(), end);
    }
  }
  // Members added until `close` belong to an object of this name.
  void open(std::string_view key);
  void close() { text_ += '}'; }
  // Removes all members and keeps the memory.
  void clear() noexcept { text_.clear(); }

  // `"key":value,"key":{…}`
  std::string_view text() const noexcept { return text_; }
  boost::json::object object() const;

 private:
  void begin(std::string_view key);
  std::string text_;
};

}  // namespace regpass::log
