// HTTP/2 over a stream, in both roles: one reader, one writer, and many exchanges on top of them.
//
// Window credit is returned when a body's reader asks for more, so a slow reader stops its own sender only; unread
// bytes are bounded by limits::h2. Every stream has a deadline with the same meaning as in HTTP/1.1. When it expires,
// the stream is reset, not the connection.
#pragma once

#include "regpass/net/stream.hpp"
#include "regpass/transport/exchange.hpp"
#include "transport/connection_counts.hpp"
#include "transport/limits.hpp"

#include <functional>
#include <memory>

namespace regpass::transport {

class h2_core;
struct h2_flow;

// The client's side of a connection whose peer opens streams.
class h2_server {
 public:
  // `client` must live until `run` returned.
  h2_server(net::stream& client, const limits& bounds);
  ~h2_server();

  // Calls `serve` for each request, concurrently, and returns when the connection has ended and all calls with it. A
  // request that `serve` leaves unanswered is reset. errc::closed, reset and truncated: the client disconnected, or was
  // idle for too long; bad_message and too_large: it violated the protocol, or flooded us, and got a GOAWAY.
  using handler = std::function<async::task<void>(downstream&)>;
  async::task<error> run(handler serve);

 private:
  async::task<void> serve_exchange(handler serve, std::unique_ptr<downstream> exchange);
  std::shared_ptr<h2_core> core_;
  async::executor on_;
};

// One exchange on a shared connection to a registry.
class h2_upstream : public upstream {
 public:
  // The registry certainly did not process the request: it said so (GOAWAY, REFUSED_STREAM), or it was not sent.
  virtual bool unprocessed() const noexcept = 0;
  // Request and response are complete.
  virtual bool complete() const noexcept = 0;
};

// A connection to a registry, shared by exchanges. It closes after limits::idle_for without one.
class h2_client : public std::enable_shared_from_this<h2_client> {
 public:
  static std::shared_ptr<h2_client> start(std::unique_ptr<net::stream> wire, party peer, const limits& bounds);
  ~h2_client();

  // Whether another stream may be opened now: the registry accepts new ones, and not too many are open.
  bool usable() const noexcept;
  bool accepting() const noexcept;  // the same, regardless of how many are open
  std::unique_ptr<h2_upstream> open();
  // No new streams; closes when the running ones have ended.
  void retire();
  // Called when the registry asks for HTTP/1.1 (HTTP_1_1_REQUIRED, or status 426).
  void on_downgrade(std::function<void()> callback);

 private:
  h2_client(std::unique_ptr<net::stream> wire, party peer, const limits& bounds);
  static async::task<void> pump_in(std::shared_ptr<h2_client> self);
  static async::task<void> pump_out(std::shared_ptr<h2_client> self);

  std::unique_ptr<net::stream> wire_;
  std::shared_ptr<h2_core> core_;
  count_guard open_;
};

}  // namespace regpass::transport
