#include "transport/h2_origin.hpp"

#include <utility>

namespace regpass::transport {

std::unique_ptr<connection> h2_origin::lease() {
  std::erase_if(shared_, [](const auto& client) { return !client->accepting(); });
  for (const auto& client : shared_) {
    if (!client->usable()) continue;
    auto stream = std::make_unique<connection>(*client);
    stream->reused = true;
    return stream;
  }
  return nullptr;
}

std::unique_ptr<connection> h2_origin::adopt(std::unique_ptr<net::stream> wire, party peer, const limits& bounds) {
  auto fresh = h2_client::start(std::move(wire), peer, bounds);
  fresh->on_downgrade([weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->downgrade();
  });
  speaks = version::http2;
  shared_.push_back(fresh);
  return std::make_unique<connection>(*fresh);
}

void h2_origin::downgrade() {
  downgraded = true;
  speaks = version::http1;
  retire();
}

void h2_origin::retire() {
  for (const auto& client : std::exchange(shared_, {})) client->retire();
}

}  // namespace regpass::transport
