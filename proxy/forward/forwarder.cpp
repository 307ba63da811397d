#include "regpass/forward/forwarder.hpp"

#include "carrier.hpp"
#include "forwarding.hpp"

namespace regpass::forward {

net::task<std::shared_ptr<const finished>> forward_exchange(surroundings around, forward_request what,
                                                            exchange::downstream& down) {
  ++around.shared.busy;
  forwarding work(around, std::move(what), down);
  auto outcome = co_await work.run();
  --around.shared.busy;
  co_return outcome;
}

}  // namespace regpass::forward
