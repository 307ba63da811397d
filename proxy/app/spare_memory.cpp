#include "spare_memory.hpp"

#include <boost/asio/steady_timer.hpp>
#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace regpass::app {

namespace {

constexpr std::chrono::seconds look_every{2};
constexpr std::size_t crowd = 32;  // what fewer leave behind is some MiB, and the next ones need it again

}  // namespace

bool tide::ebbed(std::size_t most) noexcept {
  const auto lately = std::max(most, std::exchange(before_, most));
  highest_ = std::max(highest_, lately);
  if (highest_ < crowd || lately > highest_ / 2) return false;
  highest_ = lately;
  return true;
}

net::task<void> give_back_memory(net::executor on, std::function<std::size_t()> most) {
  boost::asio::steady_timer timer(on);
  for (tide clients;;) {
    timer.expires_after(look_every);
    auto [ec] = co_await timer.async_wait(net::use_task);
    if (ec) co_return;
    if (clients.ebbed(most())) ::malloc_trim(0);
  }
}

}  // namespace regpass::app
