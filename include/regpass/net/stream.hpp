// A byte stream: TCP, TLS on top of another stream, or memory in tests.
//
// The module: streams, dialling with name resolution (names/), listeners, splicing and the upstream proxy.
#pragma once

#include "regpass/async/task.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace regpass::net {

// What is known about a peer without waiting for it.
enum class peer_state : std::uint8_t {
  open,
  half_closed,  // it sends no more; whether it still reads is unknown
  closed
};

// One reader and one writer at a time; both may be under way together. Closing ends both, which is how operations are
// cancelled.
class stream {
 public:
  virtual ~stream() = default;

  // At least one byte, or 0 at the end of the stream (in TLS: after close_notify only).
  virtual async::task<result<std::size_t>> read_some(std::span<char> into) = 0;
  // Writes all bytes of all parts, in as few system calls as possible.
  virtual async::task<result<void>> write_all(std::span<const std::string_view> parts) = 0;
  // Returns when a read would not wait. Holds no buffers meanwhile, so idle connections wait here.
  virtual async::task<result<void>> wait_readable() = 0;
  // Announces that at least `bytes` will arrive without our sending anything, so that the reader need not be woken for
  // every segment. Called before every read of a long body; 0 ends it.
  virtual void expect(std::uint64_t /*bytes*/) noexcept {}
  // The descriptor that carries exactly this stream's bytes. Negative if there is none: with TLS, or after reading
  // ahead. Callers that write to the descriptor wait with `wait_writable`.
  virtual int plain_descriptor() noexcept { return -1; }
  virtual async::task<result<void>> wait_writable();
  // No more bytes will be written (TCP half-close; in TLS a close_notify first).
  virtual async::task<result<void>> shut_write() = 0;
  virtual void close() noexcept = 0;
  // Checks an idle connection without waiting: true if the peer has closed it or sent unexpected bytes.
  virtual bool stale() noexcept = 0;
  // Checks the peer without waiting, even if there is unread input. TLS connections are never half-closed: a peer that
  // sends no more counts as closed.
  virtual peer_state probe_peer() noexcept { return peer_state::open; }
  virtual async::executor get_executor() = 0;
};

// `write_all` with one part.
async::task<result<void>> write_one(stream& to, std::string_view bytes);

}  // namespace regpass::net
