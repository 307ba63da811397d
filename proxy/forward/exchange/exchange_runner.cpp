#include "forward/exchange/exchange_runner.hpp"

#include "forward/exchange/forwarding.hpp"
#include "forward/exchange/upstream_call.hpp"

namespace regpass::forward {

async::task<std::shared_ptr<const exchange_record>> forward_exchange(worker_context around, forward_request what,
                                                                     transport::downstream& down) {
  ++around.shared.load.busy;
  forwarding work(around, std::move(what), down);
  auto outcome = co_await work.run();
  --around.shared.load.busy;
  co_return outcome;
}

}  // namespace regpass::forward
