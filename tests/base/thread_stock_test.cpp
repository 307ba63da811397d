#include "regpass/base/thread_stock.hpp"

#include <catch2/catch.hpp>

#include <cstdlib>
#include <thread>

namespace regpass {
namespace {

struct pieces {
  static constexpr std::size_t shelves = 2;
  static constexpr std::size_t most_bytes = 256;
  static constexpr std::size_t bytes_on(std::size_t shelf) noexcept { return shelf == 0 ? 64 : 128; }
};
using stock = thread_stock<pieces>;

void* piece_for(std::size_t shelf) {
  return std::malloc(pieces::bytes_on(shelf));
}

// Each case on a thread of its own, whose stock is as new.
void on_a_thread(void (*body)()) {
  std::thread(body).join();
}

TEST_CASE("A thread takes last what it kept first, from the shelf of that size") {
  on_a_thread([] {
    stock::open();
    CHECK(stock::take(0) == nullptr);
    void* const small[] = {piece_for(0), piece_for(0)};
    void* const large = piece_for(1);
    for (void* const one : small) CHECK(stock::keep(one, 0));
    CHECK(stock::keep(large, 1));
    CHECK(stock::take(1) == large);
    CHECK(stock::take(1) == nullptr);
    CHECK(stock::take(0) == small[1]);
    CHECK(stock::take(0) == small[0]);
    for (void* const one : {small[0], small[1], large}) std::free(one);
  });
}

TEST_CASE("A thread keeps no more than the bound, and takes up again once something was taken") {
  on_a_thread([] {
    stock::open();
    CHECK(stock::keep(piece_for(1), 1));
    CHECK(stock::keep(piece_for(1), 1));
    void* const over = piece_for(0);
    CHECK_FALSE(stock::keep(over, 0));
    std::free(stock::take(1));
    CHECK(stock::keep(over, 0));
  });  // LeakSanitizer tells of what a thread's end leaves
}

struct gives_back_late {
  ~gives_back_late() {
    kept = stock::keep(mine, 0);
    std::free(mine);
  }
  void* mine = piece_for(0);
  static bool kept;
};
bool gives_back_late::kept = true;

TEST_CASE("Nothing is kept by a thread that has no stock yet, or whose end has begun") {
  on_a_thread([] {
    static thread_local const gives_back_late at_the_end;
    CHECK(at_the_end.mine != nullptr);
    CHECK_FALSE(stock::keep(at_the_end.mine, 0));
    stock::open();
  });
  CHECK_FALSE(gives_back_late::kept);
}

}  // namespace
}  // namespace regpass
