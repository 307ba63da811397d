// A byte stream, whatever is below: TCP, TLS over it, or memory in tests.
#pragma once

#include "regpass/async/task.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace regpass::net {

// Whether a peer can still be spoken to, as far as can be told without waiting.
enum class presence : std::uint8_t {
  here,
  finished,  // it will send no more; whether it still reads, nobody can tell
  gone
};

// One reader and one writer at a time; both may be under way together. Closing ends both, which is how operations are
// cancelled.
class stream {
 public:
  virtual ~stream() = default;

  // At least one byte, or 0 at the end of the stream (in TLS: after close_notify only).
  virtual async::task<result<std::size_t>> read_some(std::span<char> into) = 0;
  // All bytes of all parts, in as few system calls as may be.
  virtual async::task<result<void>> write_all(std::span<const std::string_view> parts) = 0;
  // Returns when a read would not wait, holding no buffers meanwhile: for idle connections.
  virtual async::task<result<void>> wait_readable() = 0;
  // At least so many bytes will come without our sending any: a reader need not be woken for each few of them. Told
  // again before every read of a long body; 0 ends it.
  virtual void expect(std::uint64_t /*bytes*/) noexcept {}
  // The kernel's number of the connection on which exactly this stream's bytes come and go; negative when they are
  // other ones there (TLS), or some were read ahead. `wait_writable` is for those who write to it themselves.
  virtual int plain_descriptor() noexcept { return -1; }
  virtual async::task<result<void>> wait_writable();
  // No more bytes will be written (TCP half-close; in TLS a close_notify first).
  virtual async::task<result<void>> shut_write() = 0;
  virtual void close() noexcept = 0;
  // A look at an idle connection without waiting: true when the peer has closed it or sent bytes that nobody asked for.
  virtual bool stale() noexcept = 0;
  // A look at the peer, whatever it sent that is not read yet. After TLS's end there is no half-closed connection: who
  // sends no more is gone.
  virtual presence look() noexcept { return presence::here; }
  virtual async::executor get_executor() = 0;
};

// The usual call with one part.
async::task<result<void>> write_one(stream& to, std::string_view bytes);

}  // namespace regpass::net
