#include "regpass/transport/exchange.hpp"

#include <utility>

namespace regpass::transport {

async::task<result<void>> downstream::write_last(std::string_view piece, http::fields trailers) {
  auto written = co_await write(piece);
  if (!written) co_return written;
  auto finished = co_await finish(std::move(trailers));
  co_return finished;
}

}  // namespace regpass::transport
