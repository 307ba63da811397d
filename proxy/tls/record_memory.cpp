#include "regpass/tls/record_memory.hpp"

#include "regpass/base/sanitizer.hpp"

#include <malloc.h>
#include <openssl/crypto.h>

#include <array>
#include <cstddef>
#include <cstdlib>

namespace regpass::tls {
namespace {

// A record's buffer with its header and tag, in both directions and versions of TLS.
constexpr std::size_t shortest = 16 * 1024;
constexpr std::size_t longest = 20 * 1024;
// What the allocator gives for `longest` may be a little more, and nothing else is of that size.
constexpr std::size_t slack = 64;

struct shelf {
  std::array<void*, 8> kept;
  std::size_t count;
  bool open;  // from the first buffer to the thread's end
};
constinit thread_local shelf mine{};

struct closing {
  closing() noexcept { mine.open = true; }
  closing(const closing&) = delete;
  closing& operator=(const closing&) = delete;
  ~closing() {
    mine.open = false;
    while (mine.count > 0) std::free(mine.kept[--mine.count]);
  }
};

void* take(std::size_t bytes, const char*, int) {
  if (bytes < shortest || bytes > longest) return std::malloc(bytes);
  if (mine.count > 0) return mine.kept[--mine.count];
  static thread_local const closing at_end;
  return std::malloc(longest);
}

void* retake(void* old, std::size_t bytes, const char*, int) {
  return std::realloc(old, bytes);
}

void give_back(void* memory, const char*, int) {
  if (memory == nullptr) return;
  const auto size = ::malloc_usable_size(memory);
  const bool keep = size >= longest && size < longest + slack && mine.open && mine.count < mine.kept.size();
  if (!keep) return std::free(memory);
  mine.kept[mine.count++] = memory;
}

}  // namespace

void keep_record_memory() noexcept {
  if (!address_sanitizer) CRYPTO_set_mem_functions(take, retake, give_back);
}

}  // namespace regpass::tls
