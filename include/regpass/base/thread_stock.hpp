// Memory blocks that a thread keeps for reuse, to save calls of the allocator.
#pragma once

#include <array>
#include <cstddef>
#include <cstdlib>
#include <new>
#include <utility>

namespace regpass {

// Blocks from malloc on shelves, one size per shelf, last in, first out, so that a block is probably still in the CPU's
// cache. `Kind` defines the number of `shelves`, the block size of each (`bytes_on(shelf)`), and how many bytes a
// thread keeps at most (`most_bytes`).
//
// A thread's stock exists from the first `open` until the thread ends, which frees all blocks; nothing is kept before
// and after. The stock itself has neither constructor nor destructor, because each access would have to check for them.
template <class Kind>
class thread_stock {
 public:
  static void open() noexcept { static thread_local const closing at_end; }

  // Null if the shelf is empty.
  static void* take(std::size_t shelf) noexcept {
    block* const found = mine.first[shelf];
    if (found == nullptr) return nullptr;
    mine.first[shelf] = found->next;
    mine.held -= Kind::bytes_on(shelf);
    return found;
  }

  // False: the block is not kept and still belongs to the caller.
  static bool keep(void* memory, std::size_t shelf) noexcept {
    if (!mine.open || mine.held + Kind::bytes_on(shelf) > Kind::most_bytes) return false;
    mine.held += Kind::bytes_on(shelf);
    mine.first[shelf] = new (memory) block{mine.first[shelf]};
    return true;
  }

 private:
  struct block {
    block* next;
  };
  struct stock {
    std::array<block*, Kind::shelves> first;
    std::size_t held;
    bool open;
  };
  struct closing {
    closing() noexcept { mine.open = true; }
    closing(const closing&) = delete;
    closing& operator=(const closing&) = delete;
    ~closing() {
      mine.open = false;
      for (block*& first : mine.first) {
        while (first != nullptr) std::free(std::exchange(first, first->next));
      }
    }
  };
  static constinit inline thread_local stock mine{};
};

}  // namespace regpass
