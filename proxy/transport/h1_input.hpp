// The reading side of an HTTP/1.1 connection in both roles: a buffer, a decoder and a deadline.
#pragma once

#include "regpass/async/deadline.hpp"
#include "regpass/base/buffer.hpp"
#include "regpass/http/h1_codec.hpp"
#include "regpass/net/stream.hpp"
#include "transport/limits.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace regpass::transport {

template <class Head>
class h1_input {
 public:
  h1_input(net::stream& from, party peer, const limits& bounds, async::deadline& timer)
      : from_(from), peer_(peer), bounds_(bounds), timer_(timer) {}

  void begin(std::string_view method);  // a new message follows; `method` as in h1_decoder
  // Between messages: waits for input or for its end, without holding a buffer. `first_byte` must follow and returns
  // which of the two it was.
  async::task<result<void>> wait();
  // Returns when the first byte of the message has arrived. errc::closed: the peer is done.
  async::task<result<void>> first_byte();
  // Waiting for input is limited by `within` (0: the caller limits it) and blamed on phase::head.
  async::task<result<Head>> read_head(std::chrono::milliseconds within);
  async::task<result<std::string_view>> read_body();

  const http::h1_decoder<Head>& decoder() const noexcept { return *decoder_; }
  bool buffered() const noexcept { return used_ < filled_; }
  bool complete() const noexcept { return complete_; }  // the message's end was seen
  // All bytes of a counted body have been returned.
  bool body_read_out() const noexcept;
  void release_buffer() noexcept;  // nothing may be `buffered`
  std::string take_unread();       // the bytes that follow the message, for a tunnel

 private:
  async::task<result<bool>> fill();  // false: end of stream
  result<http::h1_event> step();
  std::uint64_t body_left() const noexcept;  // of a counted one; else 0
  error blame(error problem, phase when) const;

  net::stream& from_;
  party peer_;
  const limits& bounds_;
  async::deadline& timer_;
  std::optional<http::h1_decoder<Head>> decoder_;
  buffer buffer_;
  std::size_t used_ = 0;
  std::size_t filled_ = 0;
  std::uint64_t body_read_ = 0;
  bool ended_ = false;
  bool complete_ = true;
};

extern template class h1_input<http::request_head>;
extern template class h1_input<http::response_head>;

}  // namespace regpass::transport
