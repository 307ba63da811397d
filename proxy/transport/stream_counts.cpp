#include "transport/stream_counts.hpp"

namespace regpass::transport {

tally& upstream_tally() noexcept {
  static tally all;
  return all;
}

}  // namespace regpass::transport
