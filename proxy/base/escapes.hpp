// Unescaped text, and the original position of each character.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace regpass {

struct unescaped_text {
  std::string text;
  std::vector<std::size_t> at;  // offset of each character in the original; one more for the end

  explicit unescaped_text(std::string_view original);
  // Undoes one level of percent, backslash (JSON, C, and those of `clean`) and HTML escapes. False: there was none.
  bool unescape();
};

}  // namespace regpass
