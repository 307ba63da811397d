#include "http/head_scan.hpp"

namespace regpass::http {
namespace {

bool is_control(char c) noexcept {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && byte != '\t') || byte == 0x7F;
}

// Without an early exit, so that the compiler can vectorise the loop.
bool has_control(std::string_view line) noexcept {
  bool any = false;
  for (const char c : line) any |= is_control(c);
  return any;
}

}  // namespace

result<std::size_t> head_scan::feed(std::string_view bytes) {
  while (seen_ < bytes.size()) {
    if (after_cr_) {
      if (bytes[seen_] != '\n') return fail(errc::bad_message, "CR without LF");
      after_cr_ = false;
      ++seen_;
      if (at_line_start_) return seen_;
      at_line_start_ = true;
      continue;
    }
    const auto rest = bytes.substr(seen_);
    const auto line = rest.substr(0, rest.find('\r'));
    if (has_control(line)) {
      const bool bare = line.find('\n') != std::string_view::npos;
      return fail(errc::bad_message, bare ? "LF without CR" : "control byte in a message head");
    }
    if (!line.empty()) {
      if (at_line_start_ && (line.front() == ' ' || line.front() == '\t')) {
        return fail(errc::bad_message, "line that begins with a blank");
      }
      at_line_start_ = false;
    }
    after_cr_ = line.size() < rest.size();
    seen_ += line.size() + (after_cr_ ? 1 : 0);
  }
  return 0;
}

}  // namespace regpass::http
