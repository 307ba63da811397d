#include "regpass/net/stream.hpp"

#include <array>

namespace regpass::net {

task<result<void>> write_one(stream& to, std::string_view bytes) {
  const std::array<std::string_view, 1> parts(std::to_array({bytes}));
  auto written = co_await to.write_all(parts);
  co_return written;
}

}  // namespace regpass::net
