// One request and its response, whatever version carries them. Above these two interfaces nobody knows HTTP/1.1 from
// HTTP/2.
//
// `read` returns a piece of the body inside the connection's own buffer, valid until the next call; an empty piece is
// the end. Calling it again is the back-pressure: nothing is read from the peer until it is (in HTTP/2 that is the
// window's credit, too).
#pragma once

#include "http/framing.hpp"
#include "regpass/async/task.hpp"
#include "regpass/http/message.hpp"

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace regpass::transport {

// How the sender frames a body that it is about to write.
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
  // `body` says what follows; the connection adapts it to the client's version (chunked becomes until_close for
  // HTTP/1.0).
  virtual async::task<result<void>> respond(http::response_head head, http::framing body) = 0;
  virtual async::task<result<void>> write(std::string_view piece) = 0;
  virtual async::task<result<void>> finish(http::fields trailers) = 0;
  // `write` and `finish` in one, for a piece that is known to be the last: HTTP/2 says both in one frame.
  virtual async::task<result<void>> write_last(std::string_view piece, http::fields trailers);
  // Ends the exchange so that the client cannot mistake it for complete.
  virtual void abort() noexcept = 0;

  // Calls `what`, at most once, when the client is found to have hung up, also while nothing is read from it or written
  // to it. Empty: nobody is to be called any more.
  // NOLINTNEXTLINE(performance-unnecessary-value-param): those that call somebody keep it
  virtual void when_gone(std::function<void()> /*what*/) {}

  virtual bool responded() const noexcept = 0;
  // Every byte that the answer's head announced is on its way. Whatever becomes of the connection afterwards, the
  // client can have the whole answer.
  virtual bool delivered() const noexcept { return false; }
  // The client waits for 100 (Continue) before it sends its body; the first `read` says it.
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
  // Nothing but the empty piece follows that which `read` gave, and the trailers are there. May be false all the same.
  virtual bool was_last() const noexcept = 0;
  virtual const http::fields& trailers() const noexcept = 0;
  virtual void abort() noexcept = 0;

  virtual std::string_view version() const noexcept = 0;
};

}  // namespace regpass::transport
