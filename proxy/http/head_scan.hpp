// Scans a head or trailer section before Beast parses it: finds its end and refuses deviations that Beast tolerates.
#pragma once

#include "regpass/base/error.hpp"

#include <cstddef>
#include <string_view>

namespace regpass::http {

// `bytes` is the section from its first byte, longer with every call; each byte is scanned only once. Refuses bare CR
// and LF, control bytes, and lines that begin with a blank (obs-fold, RFC 9112 section 5.2).
class head_scan {
 public:
  // The length of the section including its empty line, or 0 while it is incomplete.
  result<std::size_t> feed(std::string_view bytes);

 private:
  std::size_t seen_ = 0;
  bool at_line_start_ = true;
  bool after_cr_ = false;
};

}  // namespace regpass::http
