#include "forward/modes/listener_mode.hpp"

#include "forward/session/session.hpp"

namespace regpass::forward {

void listener_mode::accept(accepted_connection accepted) const {
  auto stream = net::make_tcp_stream(std::move(accepted.socket), party::client);
  auto session = session_for(accepted.context, std::move(stream), std::move(accepted.peer));
  async::spawn(accepted.context.on, std::move(session), "session");
}

// Not a coroutine of its own: its frame would wait as long as the session does.
async::task<void> listener_mode::session_for(const worker_context& context, std::unique_ptr<net::stream> stream,
                                             std::string peer, const boost::asio::ip::tcp::endpoint& original) const {
  auto client = std::make_unique<connection>(context, std::move(stream), std::move(peer), name());
  client->original_destination = original;
  auto opening = serve(*client);
  return run_session(std::move(client), std::move(opening));
}

}  // namespace regpass::forward
