#include "async/frame_memory.hpp"

#include "regpass/base/sanitizer.hpp"
#include "regpass/base/thread_stock.hpp"

#include <cstdlib>
#include <new>

namespace regpass::async {
namespace {

constexpr std::size_t step = 64;
constexpr std::size_t longest = 8192;

struct frames {
  static constexpr std::size_t shelves = longest / step;
  static constexpr std::size_t most_bytes = std::size_t{1024} * 1024;  // of some 64 requests at once
  static constexpr std::size_t bytes_on(std::size_t shelf) noexcept { return (shelf + 1) * step; }
};
using stock = thread_stock<frames>;

constexpr std::size_t shelf_of(std::size_t bytes) noexcept {
  return (bytes - 1) / step;
}
constexpr bool fits(std::size_t bytes) noexcept {
  return !address_sanitizer && bytes > 0 && bytes <= longest;
}

void* allocate(std::size_t shelf) {
  stock::open();
  void* const memory = std::malloc(frames::bytes_on(shelf));
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

void* take_frame(std::size_t bytes) {
  if (!fits(bytes)) return ::operator new(bytes);
  void* const kept = stock::take(shelf_of(bytes));
  return kept != nullptr ? kept : allocate(shelf_of(bytes));
}

void give_back_frame(void* frame, std::size_t bytes) noexcept {
  if (!fits(bytes)) return ::operator delete(frame);
  if (!stock::keep(frame, shelf_of(bytes))) std::free(frame);
}

}  // namespace regpass::async
