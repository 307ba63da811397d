#include "platform/spare_memory.hpp"

#include <boost/asio/steady_timer.hpp>
#include <link.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <utility>

namespace regpass::platform {

namespace {

constexpr std::size_t worth_trimming_bytes = std::size_t{8} * 1024 * 1024;

// Resident memory that is not in use. The heaps' own count of free bytes does not fall when memory is returned to the
// system, so a burst of clients that comes and goes between two checks would not show in it.
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

// Only segments that are never written: relocated ones differ from the file.
int release_pages(dl_phdr_info* object, std::size_t /*size*/, void* /*nothing*/) noexcept {
  const auto page = static_cast<ElfW(Addr)>(::sysconf(_SC_PAGESIZE));
  for (ElfW(Half) i = 0; i < object->dlpi_phnum; ++i) {
    const auto& segment = object->dlpi_phdr[i];
    if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W) != 0) continue;
    const auto begin = (object->dlpi_addr + segment.p_vaddr) & ~(page - 1);
    const auto end = object->dlpi_addr + segment.p_vaddr + segment.p_memsz;
    // NOLINTNEXTLINE(performance-no-int-to-ptr): the loader has addresses as numbers
    ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
  }
  return 0;
}

}  // namespace

bool heap_watch::worth_trimming(std::size_t free) noexcept {
  least_ = std::exchange(started_, true) ? std::min(least_, free) : free;
  const bool enough = free - least_ >= worth_trimming_bytes;
  const bool twice = std::exchange(enough_before_, enough) && enough;
  if (!twice) return false;
  least_ = free;
  enough_before_ = false;
  return true;
}

async::task<void> give_back_memory(async::executor on, std::chrono::milliseconds interval) {
  boost::asio::steady_timer timer(on);
  heap_watch heaps;
  heaps.worth_trimming(resident_but_free());  // before a first burst of clients
  for (;;) {
    timer.expires_after(interval);
    auto [ec] = co_await timer.async_wait(async::use_task);
    if (ec) co_return;
    if (!heaps.worth_trimming(resident_but_free())) continue;
    ::malloc_trim(0);
    heaps.worth_trimming(resident_but_free());  // the next burst may be over before the next check
  }
}

void release_startup_memory() noexcept {
  ::malloc_trim(0);
  ::dl_iterate_phdr(release_pages, nullptr);
}

}  // namespace regpass::platform
