// A growable byte buffer whose memory comes from a small per-thread stock.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace regpass {

// Unlike a vector it does not zero new bytes, and taking and returning a block of the usual size does not call the
// allocator: connections hold a buffer only while they are busy. Movable, not copyable.
class buffer {
 public:
  // The usual block: 64 KiB and what TLS, or a message's head, adds to them.
  static constexpr std::size_t block_bytes = std::size_t{72} * 1024;

  buffer() noexcept = default;
  explicit buffer(std::size_t size) { resize(size); }
  buffer(buffer&& other) noexcept { swap(other); }
  buffer& operator=(buffer&& other) noexcept;
  ~buffer() { release(); }

  char* data() noexcept { return data_; }
  const char* data() const noexcept { return data_; }
  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  std::string_view view() const noexcept { return {data_, size_}; }
  std::span<char> span() noexcept { return {data_, size_}; }

  void resize(std::size_t size);  // new bytes are uninitialised
  void append(std::string_view bytes);
  void drop_front(std::size_t bytes) noexcept;
  void clear() noexcept { size_ = 0; }  // keeps the memory
  void release() noexcept;              // returns the memory
  void swap(buffer& other) noexcept;

 private:
  void reserve(std::size_t bytes);

  char* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

// Copies in small pieces, because glibc's memcpy can be very slow for large ones (see buffer.cpp).
void copy_bytes(char* to, std::string_view from) noexcept;

}  // namespace regpass
