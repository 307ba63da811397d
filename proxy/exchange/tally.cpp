#include "regpass/exchange/tally.hpp"

namespace regpass::exchange {

tally& upstream_tally() noexcept {
  static tally all;
  return all;
}

}  // namespace regpass::exchange
