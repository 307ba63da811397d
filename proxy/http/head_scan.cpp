#include "http/head_scan.hpp"

namespace regpass::http {
namespace {

bool is_control(char c) noexcept {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && byte != '\t') || byte == 0x7F;
}

}  // namespace

result<std::size_t> head_scan::feed(std::string_view bytes) {
  for (; seen_ < bytes.size(); ++seen_) {
    const char c = bytes[seen_];
    if (after_cr_) {
      if (c != '\n') return fail(errc::bad_message, "CR without LF");
      after_cr_ = false;
      if (at_line_start_) return ++seen_;
      at_line_start_ = true;
    } else if (c == '\r') {
      after_cr_ = true;
    } else if (c == '\n') {
      return fail(errc::bad_message, "LF without CR");
    } else if (is_control(c)) {
      return fail(errc::bad_message, "control byte in a message head");
    } else {
      if (at_line_start_ && (c == ' ' || c == '\t')) return fail(errc::bad_message, "line that begins with a blank");
      at_line_start_ = false;
    }
  }
  return 0;
}

}  // namespace regpass::http
