// Both roles of an HTTP/2 connection, back to back in memory.
#pragma once

#include "rigs.hpp"
#include "support/bytes.hpp"
#include "transport/h2_connection.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace regpass::testing {

struct h2_rig {
  explicit h2_rig(const async::executor& on, transport::limits limits = {})
      : bounds(limits), wires(on), there(wires.there), back(wires.back), served(on) {
    far = std::move(wires.far);
    server = std::make_unique<transport::h2_server>(*far, bounds);
    client = transport::h2_client::start(std::move(wires.near), party::registry, bounds);
  }

  // Must be called once: what the server does with each request.
  void serve(transport::h2_server::handler how) { served.spawn(run(std::move(how)), "server"); }
  async::task<void> run(transport::h2_server::handler how) { ended = co_await server->run(std::move(how)); }
  // Ends both sides.
  async::task<void> over() {
    client->retire();
    co_await served.join();
  }

  transport::limits bounds;
  memory_pair wires;
  std::shared_ptr<channel> there;
  std::shared_ptr<channel> back;
  async::task_group served;
  std::unique_ptr<memory_stream> far;
  std::unique_ptr<transport::h2_server> server;
  std::shared_ptr<transport::h2_client> client;
  std::optional<error> ended;
};

inline int value_or_zero(const result<http::response_head>& head) {
  return head ? head->status : 0;
}

// A bodiless request; the final head.
inline async::task<result<http::response_head>> ask(transport::upstream& on, http::request_head what) {
  auto sent = co_await on.send(std::move(what), no_body());
  if (!sent) co_return std::unexpected(sent.error());
  auto head = co_await on.head();
  co_return head;
}

}  // namespace regpass::testing
