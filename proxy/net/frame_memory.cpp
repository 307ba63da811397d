#include "regpass/net/frame_memory.hpp"

#include "regpass/base/sanitizer.hpp"

#include <array>
#include <new>
#include <utility>

namespace regpass::net {
namespace {

constexpr std::size_t step = 64;
constexpr std::size_t longest = 8192;
constexpr std::size_t most_bytes = std::size_t{256} * 1024;  // that a thread keeps

constexpr std::size_t shelf_of(std::size_t bytes) noexcept {
  return (bytes - 1) / step;
}
constexpr std::size_t size_on(std::size_t shelf) noexcept {
  return (shelf + 1) * step;
}
constexpr bool fits(std::size_t bytes) noexcept {
  return !address_sanitizer && bytes > 0 && bytes <= longest;
}

// Last in, first out, so that what is taken is still in the cache. Without constructor or destructor, which each use
// would have to ask for.
struct piece {
  piece* next;
};
struct shelves {
  std::array<piece*, longest / step> first;
  std::size_t held;
  bool open;  // from the first piece that was taken to the thread's end
};
constinit thread_local shelves mine{};

struct closing {
  closing() noexcept { mine.open = true; }
  closing(const closing&) = delete;
  closing& operator=(const closing&) = delete;
  ~closing() {
    mine.open = false;
    for (piece*& first : mine.first) {
      while (first != nullptr) ::operator delete(std::exchange(first, first->next));
    }
  }
};

void* allocate(std::size_t bytes) {
  if (!fits(bytes)) return ::operator new(bytes);
  static thread_local const closing at_end;
  return ::operator new(size_on(shelf_of(bytes)));
}

}  // namespace

void* take_frame(std::size_t bytes) {
  if (!fits(bytes)) return allocate(bytes);
  const auto shelf = shelf_of(bytes);
  piece* const found = mine.first[shelf];
  if (found == nullptr) return allocate(bytes);
  mine.first[shelf] = found->next;
  mine.held -= size_on(shelf);
  return found;
}

void give_back_frame(void* frame, std::size_t bytes) noexcept {
  const auto shelf = shelf_of(bytes);
  const bool keep = fits(bytes) && mine.open && mine.held + size_on(shelf) <= most_bytes;
  if (!keep) return ::operator delete(frame);
  mine.held += size_on(shelf);
  mine.first[shelf] = new (frame) piece{mine.first[shelf]};
}

}  // namespace regpass::net
