// A first look at the bytes of a head or trailer section, before Beast: finds its end and refuses what Beast would
// forgive.
#pragma once

#include "regpass/base/error.hpp"

#include <cstddef>
#include <string_view>

namespace regpass::http {

// Looks at each byte once, however often it is called: `bytes` is the section from its first byte on, longer from call
// to call. Refused are bare CR and LF, control bytes, and lines that begin with a blank (obs-fold, RFC 9112
// section 5.2).
class head_scan {
 public:
  // The length of the section including its empty line, or 0 while that has not come.
  result<std::size_t> feed(std::string_view bytes);

 private:
  std::size_t seen_ = 0;
  bool at_line_start_ = true;
  bool after_cr_ = false;
};

}  // namespace regpass::http
