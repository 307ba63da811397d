// Memory that a thread has used and keeps for its next use, where the allocator would have to look for it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdlib>
#include <new>
#include <utility>

namespace regpass {

// Blocks on shelves, all of a size on each, from malloc. Last in, first out, so that what is taken is still in the
// cache. `Kind` says what they are for: how many `shelves`, the size of the blocks on one by `bytes_on(shelf)`, and
// `most_bytes` that a thread keeps of them.
//
// A thread has its stock from the first `open` to its end, which gives all back to the allocator; nothing is kept
// before and after. The stock itself has neither constructor nor destructor, which each use would have to ask for.
template <class Kind>
class thread_stock {
 public:
  static void open() noexcept { static thread_local const closing at_end; }

  // Null: none is there.
  static void* take(std::size_t shelf) noexcept {
    block* const found = mine.first[shelf];
    if (found == nullptr) return nullptr;
    mine.first[shelf] = found->next;
    mine.held -= Kind::bytes_on(shelf);
    return found;
  }

  // False: it is not kept, and stays the caller's.
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
