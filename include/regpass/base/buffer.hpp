// Bytes on their way through: a growable run whose memory comes from a small stock of the thread's and goes back there.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace regpass {

// Unlike a vector it does not zero what it grows by, and taking and giving back a block of the usual size costs no call
// of the allocator: connections hold one only while they are busy. To be moved, not copied.
class buffer {
 public:
  // The usual block: a turn of 64 KiB with what TLS, or a message's head, adds to it.
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

  void resize(std::size_t size);  // what it grows by has no defined value
  void append(std::string_view bytes);
  void drop_front(std::size_t bytes) noexcept;
  void clear() noexcept { size_ = 0; }  // keeps the memory
  void release() noexcept;              // gives it back
  void swap(buffer& other) noexcept;

 private:
  void reserve(std::size_t bytes);

  char* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

// Copies; in small pieces, as glibc's memcpy may be very slow for large ones (buffer.cpp says when).
void copy_bytes(char* to, std::string_view from) noexcept;

}  // namespace regpass
