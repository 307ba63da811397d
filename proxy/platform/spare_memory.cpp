#include "platform/spare_memory.hpp"

#include <boost/asio/steady_timer.hpp>
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <utility>

namespace regpass::platform {

namespace {

constexpr std::size_t worth_it = std::size_t{8} * 1024 * 1024;

// Memory of ours that is resident though nothing is in it. The heaps' own count of free bytes does not fall when these
// are given back: a crowd that comes and leaves between two looks would not show in it.
std::size_t resident_but_free() {
  const auto heaps = ::mallinfo2();
  std::ifstream statm("/proc/self/statm");
  std::size_t total = 0;
  std::size_t resident = 0;
  std::size_t of_files = 0;
  if (!(statm >> total >> resident >> of_files)) return heaps.fordblks;
  const auto anonymous = (resident - std::min(resident, of_files)) * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  return anonymous - std::min(anonymous, heaps.uordblks + heaps.hblkhd);
}

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

async::task<void> give_back_memory(async::executor on, std::chrono::milliseconds look_every) {
  boost::asio::steady_timer timer(on);
  heap_watch heaps;
  heaps.worth_trimming(resident_but_free());  // before a crowd can have come and left
  for (;;) {
    timer.expires_after(look_every);
    auto [ec] = co_await timer.async_wait(async::use_task);
    if (ec) co_return;
    if (!heaps.worth_trimming(resident_but_free())) continue;
    ::malloc_trim(0);
    heaps.worth_trimming(resident_but_free());  // the next crowd may leave before the next look
  }
}

}  // namespace regpass::platform
