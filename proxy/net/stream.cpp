#include "regpass/net/stream.hpp"

#include "regpass/async/done_already.hpp"

#include <array>

namespace regpass::net {

async::task<result<void>> stream::wait_writable() {
  return async::done_already();
}

async::task<result<void>> write_one(stream& to, std::string_view bytes) {
  const std::array<std::string_view, 1> parts(std::to_array({bytes}));
  auto written = co_await to.write_all(parts);
  co_return written;
}

}  // namespace regpass::net
