#include "forward/session/session.hpp"

#include "forward/session/intercepted_requests.hpp"
#include "forward/session/interception.hpp"

namespace regpass::forward {

// This frame waits with an idle intercepted connection. Whatever is needed only to open a connection, or to serve a
// request, belongs in other coroutines, whose frames are gone by then.
async::task<void> run_session(std::unique_ptr<connection> self, async::task<void> opening) {
  auto& client = *self;
  client.context.shared.load.sessions++;
  co_await std::move(opening);
  if (client.interception.expected) {
    client.timer.set(phase::tls, client.context.bounds.tls_within);
    auto spoke = co_await client.stream->wait_readable();
    co_await accept_tls(client, std::move(spoke));
  }
  if (client.interception.established && client.interception.http2) {
    co_await serve_intercepted_http2(client);
  } else if (client.interception.established) {
    transport::h1_server server(*client.stream, client.context.bounds, client.timer);
    for (bool more = true; more;) {
      co_await server.wait();
      more = co_await serve_intercepted_request(client, server);
    }
  }
  client.stream->close();
  if (client.background) {
    co_await client.background->join();
  }
  client.context.shared.load.sessions--;
}

}  // namespace regpass::forward
