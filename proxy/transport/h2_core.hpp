// What both roles of an HTTP/2 connection share: the reader and the writer (pumps), and the streams as flows that
// exchanges wait on.
#pragma once

#include "async/async_event.hpp"
#include "regpass/async/deadline.hpp"
#include "regpass/base/time.hpp"
#include "regpass/http/h2_codec.hpp"
#include "regpass/net/stream.hpp"
#include "transport/limits.hpp"

#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace regpass::transport {

// One stream as its exchange sees it.
struct h2_flow {
  h2_flow(std::int32_t number, const async::executor& on) : id(number), received_something(on), sent_something(on) {}

  struct limit {
    steady_time at = steady_time::max();  // max: no limit
    phase when = phase::start;
  };
  steady_time due() const noexcept { return std::min(limits[0].at, limits[1].at); }

  std::int32_t id;
  std::vector<http::response_head> heads;  // client: received, not yet read by the exchange
  http::framing body;
  std::uint64_t received = 0;  // body bytes
  std::string waiting;         // received, not yet read
  std::string reading;         // lent to the reader
  http::fields trailers;
  bool ended = false;     // the peer's message is complete
  bool taken = true;      // what was lent last has been sent
  bool finished = false;  // our message has been sent completely
  bool answered = false;  // client: a byte of the answer arrived
  bool unprocessed = false;
  std::optional<error> failed;
  std::function<void()> on_failure;  // server: called once
  async::async_event received_something;
  async::async_event sent_something;
  std::array<limit, 2> limits;   // by direction; the core's clock checks them
  std::optional<phase> expired;  // the phase whose limit expired
};
using flow_ptr = std::shared_ptr<h2_flow>;

class h2_core : public std::enable_shared_from_this<h2_core> {
 public:
  h2_core(net::stream& wire, http::h2_role role, party peer, const limits& bounds);

  // Each ends with the connection; both must have ended before the wire is destroyed.
  async::task<void> pump_in();
  async::task<void> pump_out();

  async::task<result<std::string_view>> read(flow_ptr flow);
  async::task<result<void>> write(flow_ptr flow, std::string_view piece);
  // Also waits until everything lent has been sent.
  async::task<result<void>> finish(flow_ptr flow, http::fields trailers);
  // `piece` must stay valid until the following `write` or `finish` has returned.
  void lend(h2_flow& flow, std::string_view piece);
  async::task<result<http::response_head>> next_head(flow_ptr flow);
  // Resets the stream; exchanges that wait on it get `why`.
  void reset(h2_flow& flow, http::h2_code code, error why);

  flow_ptr add_flow(std::int32_t id);
  void wake() { work_.notify(); }
  void leave();  // no new streams; closes when the running ones have ended
  void end(error why);
  error blame(const h2_flow& flow, error problem, phase when) const;
  // One timer serves all streams, so that a wait does not set a timer of its own. A stream whose limit expires is
  // reset.
  void set_limit(h2_flow& flow, phase when, std::chrono::milliseconds from_now,
                 async::direction way = async::direction::reading);
  static void clear_limit(h2_flow& flow, async::direction way = async::direction::reading) noexcept;

  bool open() const noexcept { return !over_ && !leaving_; }
  const std::optional<error>& over() const noexcept { return over_; }
  // The error of a request that comes too late for this connection.
  error closed_error() const {
    return error(errc::closed, peer_, phase::head, "the connection takes no new requests", 0, false);
  }
  std::size_t flows() const noexcept { return flows_.size(); }
  party peer() const noexcept { return peer_; }
  const limits& bounds() const noexcept { return bounds_; }
  http::h2_codec& codec() noexcept { return codec_; }
  const http::h2_codec& codec() const noexcept { return codec_; }

  std::function<void(http::h2_request)> on_request;  // server
  std::function<void()> on_downgrade;                // client
  std::size_t leases = 0;                            // client: exchanges, whether their stream is open yet or not

 private:
  async::task<result<std::string_view>> fill(std::vector<char>& buffer);
  async::task<void> linger();
  void pump_ended() noexcept;
  void dispatch();
  void handle(http::h2_request& event);
  void handle(http::h2_response& event);
  void handle(http::h2_data& event);
  void handle(http::h2_end& event);
  void handle(http::h2_taken& event);
  void handle(http::h2_finished& event);
  void handle(http::h2_closed& event);
  void handle(http::h2_going_away& event);
  h2_flow* find(std::int32_t id);
  void fail(h2_flow& flow, error why);
  void accept_whole_answer(h2_flow& flow) const;
  void watch_idleness();
  void arm(steady_time at);
  void check_limits();
  void expire(h2_flow& flow);
  std::optional<error> reason_to_end() const;

  net::stream& wire_;
  http::h2_role role_;
  party peer_;
  limits bounds_;
  http::h2_codec codec_;
  std::unordered_map<std::int32_t, flow_ptr> flows_;
  async::async_event work_;  // wakes pump_out
  boost::asio::steady_timer clock_;
  steady_time armed_for_ = steady_time::max();
  async::deadline writing_;
  async::deadline idle_;
  steady_time heard_at_ = now().steady;
  std::optional<error> broken_;  // the peer's violation, reported to it before the connection ends
  std::optional<error> over_;
  bool leaving_ = false;
  int pumping_ = 2;
};

}  // namespace regpass::transport
