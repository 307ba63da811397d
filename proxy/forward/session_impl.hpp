// One client connection: the proxy's own HTTP first, then a tunnel, or TLS of ours with exchanges inside.
#pragma once

#include "regpass/exchange/h1_connection.hpp"
#include "regpass/explain/evidence.hpp"
#include "regpass/forward/route.hpp"
#include "regpass/forward/services.hpp"
#include "regpass/net/deadline.hpp"
#include "regpass/net/stream.hpp"

#include <memory>
#include <string>

namespace regpass::forward {

class session {
 public:
  session(const surroundings& around, std::unique_ptr<net::stream> client, std::string peer);
  net::task<void> run();

 private:
  using server = exchange::h1_server;

  // Requests to the proxy itself. Returns when the connection is done.
  net::task<void> serve_proxy();
  net::task<bool> serve_one(server& front);  // false: the connection is over
  net::task<bool> exchange_by_absolute_form(server& front, http::request_head head, target to, decision made,
                                            snapshot_ptr from);

  net::task<void> tunnel(server& front, target to, snapshot_ptr from);
  net::task<void> intercept(server& front, target to);
  net::task<bool> secure(const tls::context& context, const target& to);
  void reject(const target& to, error problem);
  net::task<void> serve_inside(target to);

  // An answer of ours to a request that went nowhere, said as an explanation. The connection closes after it.
  net::task<void> refuse(int status, explain::evidence seen, std::string_view event);
  net::task<void> refuse_unreadable(error problem, const std::string& registry);
  net::task<void> established(server& front);
  net::task<void> linger();
  explain::evidence about(const http::request_head& head, const target* to) const;

  surroundings around_;
  std::unique_ptr<net::stream> client_;
  std::string peer_;
  net::deadline timer_;
};

}  // namespace regpass::forward
