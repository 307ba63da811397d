// One request and its response, independent of the HTTP version. The code above these two interfaces does not
// distinguish HTTP/1.1 from HTTP/2.
//
// The module: HTTP/1.1 and HTTP/2 connections in both roles (h1_connection.hpp, h2_connection.hpp), and the pool of
// upstream connections (pool.hpp).
//
// `read` returns a piece of the body inside the connection's own buffer, valid until the next call; an empty piece is
// the end. It also provides the back-pressure: nothing more is read from the peer until it is called again (in HTTP/2
// that call also returns window credit).
#pragma once

#include "http/framing.hpp"
#include "regpass/async/task.hpp"
#include "regpass/http/message.hpp"

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace regpass::transport {

// How a body is delimited on the wire.
using http::framing;

// The client's side: a request to read, a response to write.
class downstream {
 public:
  virtual ~downstream() = default;

  virtual const http::request_head& head() const noexcept = 0;
  virtual http::framing body() const noexcept = 0;
  virtual async::task<result<std::string_view>> read() = 0;
  virtual const http::fields& trailers() const noexcept = 0;  // after the empty piece

  virtual async::task<result<void>> inform(http::response_head interim) = 0;
  // `body` is the framing of what follows; the connection adapts it to the client's version (chunked becomes
  // until_close for HTTP/1.0).
  virtual async::task<result<void>> respond(http::response_head head, http::framing body) = 0;
  virtual async::task<result<void>> write(std::string_view piece) = 0;
  virtual async::task<result<void>> finish(http::fields trailers) = 0;
  // `write` and `finish` together, for a piece that is known to be the last: HTTP/2 sends both in one frame.
  virtual async::task<result<void>> write_last(std::string_view piece, http::fields trailers);
  // Ends the exchange so that the client cannot mistake it for complete.
  virtual void abort() noexcept = 0;

  // Calls `callback`, at most once, when the client turns out to have disconnected, even while nothing is read from it
  // or written to it. An empty one unregisters.
  // NOLINTNEXTLINE(performance-unnecessary-value-param): implementations keep it
  virtual void on_disconnect(std::function<void()> /*callback*/) {}

  virtual bool responded() const noexcept = 0;
  // Every byte that the answer's head announced has been sent: the client can receive the whole answer, whatever
  // happens to the connection afterwards.
  virtual bool delivered() const noexcept { return false; }
  // The client waits for 100 (Continue) before it sends its body; the first `read` sends it.
  virtual bool awaits_continue() const noexcept { return false; }
  virtual std::string_view version() const noexcept = 0;  // "1.1", "1.0", "2"
};

// The registry's side: a request to write, a response to read.
class upstream {
 public:
  virtual ~upstream() = default;

  virtual async::task<result<void>> send(const http::request_head& head, http::framing body) = 0;
  virtual async::task<result<void>> write(std::string_view piece) = 0;
  virtual async::task<result<void>> finish(http::fields trailers) = 0;
  // The next head; interim ones (1xx) come too, at most 8 of them.
  virtual async::task<result<http::response_head>> head() = 0;
  virtual http::framing body() const noexcept = 0;  // of the final response
  virtual async::task<result<std::string_view>> read() = 0;
  // The last piece that `read` returned completed the body, and the trailers are available. A false value proves
  // nothing: the end may not be known yet.
  virtual bool at_body_end() const noexcept = 0;
  virtual const http::fields& trailers() const noexcept = 0;
  virtual void abort() noexcept = 0;

  virtual std::string_view version() const noexcept = 0;
};

}  // namespace regpass::transport
