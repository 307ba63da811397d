#include "tls/record_memory.hpp"

#include "regpass/base/sanitizer.hpp"
#include "regpass/base/thread_stock.hpp"

#include <malloc.h>
#include <openssl/crypto.h>

#include <cstddef>
#include <cstdlib>

namespace regpass::tls {
namespace {

// A record's buffer with its header and tag, in both directions and versions of TLS.
constexpr std::size_t shortest = 16 * 1024;
constexpr std::size_t longest = 20 * 1024;
// The allocator may return a little more than `longest`; other allocations do not have this size.
constexpr std::size_t slack = 64;

struct records {
  static constexpr std::size_t shelves = 1;
  static constexpr std::size_t most_bytes = 8 * longest;
  static constexpr std::size_t bytes_on(std::size_t) noexcept { return longest; }
};
using stock = thread_stock<records>;

void* take(std::size_t bytes, const char*, int) {
  if (bytes < shortest || bytes > longest) return std::malloc(bytes);
  if (void* const kept = stock::take(0)) return kept;
  stock::open();
  return std::malloc(longest);
}

void* retake(void* old, std::size_t bytes, const char*, int) {
  return std::realloc(old, bytes);
}

void give_back(void* memory, const char*, int) {
  if (memory == nullptr) return;
  const auto size = ::malloc_usable_size(memory);
  const bool usual = size >= longest && size < longest + slack;
  if (!usual || !stock::keep(memory, 0)) std::free(memory);
}

}  // namespace

void keep_record_memory() noexcept {
  if (!address_sanitizer) CRYPTO_set_mem_functions(take, retake, give_back);
}

}  // namespace regpass::tls
