// HTTP/2 over a stream, in both roles: one pump each way, and many exchanges on top of it.
//
// A body's window is credited when its reader comes back for more, so a slow reader stops its own sender and nobody
// else; what waits for readers is bounded by limits::h2. A stream has its own deadline with the meaning it has in
// HTTP/1.1, and one that runs out resets the stream, not the connection.
#pragma once

#include "regpass/net/stream.hpp"
#include "regpass/transport/exchange.hpp"
#include "regpass/transport/limits.hpp"
#include "transport/stream_counts.hpp"

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

  // Calls `serve` for each request, many at a time, and returns when the connection is over and all of them have ended.
  // A request that `serve` leaves unanswered is reset. errc::closed, reset and truncated: the client went away, or was
  // idle for too long; bad_message and too_large: it broke the rules, or flooded us, and was told so.
  using handler = std::function<async::task<void>(downstream&)>;
  async::task<error> run(handler serve);

 private:
  async::task<void> serve_one(handler serve, std::unique_ptr<downstream> one);
  std::shared_ptr<h2_core> core_;
  async::executor on_;
};

// One exchange on a shared connection to a registry.
class h2_upstream : public upstream {
 public:
  // The registry certainly did not look at the request: it said so (GOAWAY, REFUSED_STREAM), or was not asked.
  virtual bool unprocessed() const noexcept = 0;
  // Request and response are complete.
  virtual bool complete() const noexcept = 0;
};

// The registry's side, shared by exchanges. It closes when it was idle for limits::idle_for.
class h2_client : public std::enable_shared_from_this<h2_client> {
 public:
  static std::shared_ptr<h2_client> start(std::unique_ptr<net::stream> wire, party peer, const limits& bounds);
  ~h2_client();

  // Whether another stream may be opened now: the registry takes new ones, and not too many are open.
  bool usable() const noexcept;
  bool accepting() const noexcept;  // the former, whatever number is open
  std::unique_ptr<h2_upstream> open();
  // No new streams; closes when the running ones have ended.
  void retire();
  // Called when the registry asks for HTTP/1.1 (HTTP_1_1_REQUIRED, or status 426).
  void on_downgrade(std::function<void()> what);

 private:
  h2_client(std::unique_ptr<net::stream> wire, party peer, const limits& bounds);
  static async::task<void> pump_in(std::shared_ptr<h2_client> self);
  static async::task<void> pump_out(std::shared_ptr<h2_client> self);

  std::unique_ptr<net::stream> wire_;
  std::shared_ptr<h2_core> core_;
  tally_mark open_;
};

}  // namespace regpass::transport
