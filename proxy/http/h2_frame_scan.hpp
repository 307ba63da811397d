// Reads the frame headers in a peer's input, however it is split. nghttp2 does not report frames that it ignores: those
// of unknown types, and those on closed streams.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace regpass::http {

struct h2_frame_header {
  std::size_t length = 0;
  std::uint8_t type = 0;
  std::uint8_t flags = 0;
  std::int32_t stream = 0;
};

class h2_frame_scan {
 public:
  // `preface`: bytes before the first frame.
  explicit h2_frame_scan(std::size_t preface) : skip_(preface) {}

  // Calls `judge` with each header that is complete; stops early when it returns false.
  template <class F>
  void feed(std::string_view bytes, F judge) {
    constexpr std::size_t size = 9;
    while (!bytes.empty()) {
      const auto skipped = skip_ < bytes.size() ? skip_ : bytes.size();
      skip_ -= skipped;
      bytes.remove_prefix(skipped);
      if (bytes.empty()) return;
      const auto taken = bytes.substr(0, size - header_.size());
      header_ += taken;
      bytes.remove_prefix(taken.size());
      if (header_.size() < size) return;
      const auto read = parse();
      header_.clear();
      skip_ = read.length;
      if (!judge(read)) return;
    }
  }

 private:
  h2_frame_header parse() const {
    const auto byte = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(header_[i])); };
    h2_frame_header header;
    header.length = byte(0) << 16U | byte(1) << 8U | byte(2);
    header.type = static_cast<std::uint8_t>(byte(3));
    header.flags = static_cast<std::uint8_t>(byte(4));
    header.stream = static_cast<std::int32_t>((byte(5) & 0x7fU) << 24U | byte(6) << 16U | byte(7) << 8U | byte(8));
    return header;
  }

  std::size_t skip_;
  std::string header_;  // its bytes so far; short enough not to allocate
};

}  // namespace regpass::http
