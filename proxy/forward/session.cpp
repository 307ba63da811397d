#include "regpass/forward/session.hpp"

#include "session_impl.hpp"

namespace regpass::forward {

net::task<void> run_session(surroundings around, std::unique_ptr<net::stream> client, std::string peer) {
  ++around.shared.sessions;
  session work(around, std::move(client), std::move(peer));
  co_await work.run();
  --around.shared.sessions;
}

}  // namespace regpass::forward
