#include "spare_memory.hpp"

#include <boost/asio/steady_timer.hpp>
#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace regpass::app {

namespace {

constexpr std::size_t worth_it = std::size_t{8} * 1024 * 1024;

}  // namespace

bool heap_watch::worth_trimming(std::size_t free) noexcept {
  least_ = std::exchange(begun_, true) ? std::min(least_, free) : free;
  const bool enough = free - least_ >= worth_it;
  const bool twice = std::exchange(enough_before_, enough) && enough;
  if (!twice) return false;
  least_ = free;
  enough_before_ = false;
  return true;
}

net::task<void> give_back_memory(net::executor on, std::chrono::milliseconds look_every) {
  boost::asio::steady_timer timer(on);
  for (heap_watch heaps;;) {
    timer.expires_after(look_every);
    auto [ec] = co_await timer.async_wait(net::use_task);
    if (ec) co_return;
    if (heaps.worth_trimming(::mallinfo2().fordblks)) ::malloc_trim(0);
  }
}

}  // namespace regpass::app
