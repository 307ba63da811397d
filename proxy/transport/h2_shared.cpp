#include "transport/h2_shared.hpp"

#include <utility>

namespace regpass::transport {

std::unique_ptr<connection> h2_site::lease() {
  std::erase_if(shared_, [](const auto& one) { return !one->accepting(); });
  for (const auto& one : shared_) {
    if (!one->usable()) continue;
    auto made = std::make_unique<connection>(*one);
    made->reused = true;
    return made;
  }
  return nullptr;
}

std::unique_ptr<connection> h2_site::adopt(std::unique_ptr<net::stream> wire, party peer, const limits& bounds) {
  auto fresh = h2_client::start(std::move(wire), peer, bounds);
  fresh->on_downgrade([site = weak_from_this()] {
    if (const auto mine = site.lock()) mine->downgrade();
  });
  speaks = version::http2;
  shared_.push_back(fresh);
  return std::make_unique<connection>(*fresh);
}

void h2_site::downgrade() {
  downgraded = true;
  speaks = version::http1;
  retire();
}

void h2_site::retire() {
  for (const auto& one : std::exchange(shared_, {})) one->retire();
}

}  // namespace regpass::transport
