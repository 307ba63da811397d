// Generated bodies that are too long for literals, and their checksums.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace regpass::testing {

// The same bytes for the same seed; the period is longer than any of our buffers.
inline std::string noise(std::size_t size, std::uint64_t seed = 1) {
  std::string made(size, '\0');
  std::uint64_t state = seed * 0x9E3779B97F4A7C15U + 1;
  for (auto& byte : made) {
    state ^= state << 13U;
    state ^= state >> 7U;
    state ^= state << 17U;
    byte = static_cast<char>(state & 0xFFU);
  }
  return made;
}

// FNV-1a, combined with the number of bytes.
class checksum {
 public:
  checksum() = default;
  explicit checksum(std::string_view bytes) { add(bytes); }
  void add(std::string_view bytes) {
    for (const char byte : bytes) hash_ = (hash_ ^ static_cast<unsigned char>(byte)) * 0x100000001B3U;
    size_ += bytes.size();
  }
  std::size_t size() const { return size_; }
  friend bool operator==(const checksum&, const checksum&) = default;

 private:
  std::uint64_t hash_ = 0xCBF29CE484222325U;
  std::size_t size_ = 0;
};

}  // namespace regpass::testing
