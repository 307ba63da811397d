// Both roles of an HTTP/2 connection, back to back in memory.
#pragma once

#include "exchange/rigs.hpp"
#include "regpass/exchange/h2_connection.hpp"
#include "support/bytes.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace regpass::testing {

struct h2_rig {
  explicit h2_rig(const net::executor& on, exchange::limits limits = {})
      : bounds(limits), wires(on), there(wires.there), back(wires.back), served(on) {
    far = std::move(wires.far);
    server = std::make_unique<exchange::h2_server>(*far, bounds);
    client = exchange::h2_client::start(std::move(wires.near), party::registry, bounds);
  }

  // Must be called once: what the server does with each request.
  void serve(exchange::h2_server::handler how) { served.spawn(run(std::move(how)), "server"); }
  net::task<void> run(exchange::h2_server::handler how) { ended = co_await server->run(std::move(how)); }
  // Ends both sides.
  net::task<void> over() {
    client->retire();
    co_await served.join();
  }

  exchange::limits bounds;
  memory_pair wires;
  std::shared_ptr<channel> there;
  std::shared_ptr<channel> back;
  net::task_group served;
  std::unique_ptr<memory_stream> far;
  std::unique_ptr<exchange::h2_server> server;
  std::shared_ptr<exchange::h2_client> client;
  std::optional<error> ended;
};

inline int value_or_zero(const result<http::response_head>& head) {
  return head ? head->status : 0;
}

// A bodiless request; the final head.
inline net::task<result<http::response_head>> ask(exchange::upstream& on, http::request_head what) {
  auto sent = co_await on.send(std::move(what), no_body());
  if (!sent) co_return std::unexpected(sent.error());
  auto head = co_await on.head();
  co_return head;
}

}  // namespace regpass::testing
