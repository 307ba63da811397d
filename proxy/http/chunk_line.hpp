// The line before a chunk's data, checked before Beast parses it: bounded, complete, and without the deviations that
// Beast tolerates.
#pragma once

#include "regpass/base/error.hpp"

#include <cstddef>
#include <string_view>

namespace regpass::http {

class chunk_line {
 public:
  // `bytes` begin at the CRLF after the previous chunk's data, or at the first chunk's line.
  chunk_line(std::string_view bytes, bool behind_chunk);

  // True if Beast may parse the bytes, false if more are needed. The line (size and extensions) is bounded by 4 KiB;
  // no known client sends extensions of that length.
  result<bool> judge() const;

  // What follows the complete line: after the last chunk's, trailers and the empty line.
  std::string_view behind(std::string_view bytes) const noexcept { return bytes.substr(start_ + line_.size() + 2); }

 private:
  bool begins_with_size() const noexcept;
  bool is_last() const noexcept;
  bool closes_quotes() const noexcept;

  std::string_view line_;  // without CRLF
  std::size_t start_;
  std::size_t available_;  // bytes from the line's start on
  bool complete_;
};

}  // namespace regpass::http
