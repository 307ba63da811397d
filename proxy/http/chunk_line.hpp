// The line before a chunk's data, looked at before Beast gets it: bounded, complete, and without what Beast would
// forgive.
#pragma once

#include "regpass/base/error.hpp"

#include <cstddef>
#include <string_view>

namespace regpass::http {

class chunk_line {
 public:
  // `bytes` begin where the data of the chunk before ended, at its CRLF; or at the first chunk's line.
  chunk_line(std::string_view bytes, bool behind_chunk);

  // True if Beast may have the bytes, false while more of them must come. The line is bounded by 4 KiB: size and
  // extensions, and nobody sends extensions of that length.
  result<bool> judge() const;

  // What follows the (complete) line: trailers and the empty line, if it is the last chunk's.
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
