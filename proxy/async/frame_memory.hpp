// Memory for coroutine frames and pending operations, which is allocated and freed tens of times per request. Each
// thread keeps free lists by size, which is faster than the allocator.
#pragma once

#include <cstddef>

namespace regpass::async {

void* take_frame(std::size_t bytes);
// `bytes` as passed to `take_frame`; on any thread.
void give_back_frame(void* frame, std::size_t bytes) noexcept;

// The same for containers and handlers.
template <class T>
struct frame_allocator {
  using value_type = T;

  frame_allocator() noexcept = default;
  template <class U>
  // NOLINTNEXTLINE(google-explicit-constructor): allocators convert into each other
  frame_allocator(const frame_allocator<U>&) noexcept {}

  T* allocate(std::size_t count) { return static_cast<T*>(take_frame(count * sizeof(T))); }
  void deallocate(T* at, std::size_t count) noexcept { give_back_frame(at, count * sizeof(T)); }

  template <class U>
  bool operator==(const frame_allocator<U>&) const noexcept {
    return true;
  }
};

}  // namespace regpass::async
